// The rules of an API key as they are typed.
import type { ApiKey } from '../api/types';
import { t } from '../i18n/language.svelte';

export interface TypedRules {
  scopes: string[];
  allow: string;
  deny: string;
  rate: string;
  quota: string;
}

export const noRules = (): TypedRules => ({ scopes: [], allow: '', deny: '', rate: '', quota: '' });

export const rulesOf = (key: ApiKey): TypedRules => ({
  scopes: key.scopes,
  allow: key.allow_cidrs.join('\n'),
  deny: key.deny_cidrs.join('\n'),
  // What the service allows is not the owner's, and follows the service.
  rate: String(key.own_rate_per_minute ?? ''),
  quota: String(key.own_daily_quota ?? ''),
});

/** One network on each line, or separated by commas. */
export const networks = (typed: string): string[] => typed.split(/[\s,]+/).filter(Boolean);

const MOST_USES = 1_000_000_000;

/** A whole number that can be a limit, `null` where nothing was typed, `undefined` for anything else. */
export function count(typed: string): number | null | undefined {
  const text = typed.trim();
  if (text === '') return null;
  return /^[1-9]\d{0,9}$/.test(text) && Number(text) <= MOST_USES ? Number(text) : undefined;
}

export const mistakes = (rules: TypedRules) => ({
  rate_per_minute: count(rules.rate) === undefined && t.apiKeys.numberWrong,
  daily_quota: count(rules.quota) === undefined && t.apiKeys.numberWrong,
});

/** What the service says a scope allows; the name alone for one of the application. */
export const scopeName = (name: string): string => t.scopes[name] ?? name;
