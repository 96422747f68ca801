// What to say about a new password while it is typed: length first, nothing about symbols.
import type { Options } from './api/types';
import { t } from './i18n/language.svelte';

export interface PasswordHint {
  /** 0 to 1, for the bar below the field. */
  strength: number;
  enough: boolean;
  text: string;
}

export function passwordHint(password: string, email: string, rule: Options['password']): PasswordHint {
  const length = [...password].length;
  const comfortable = rule.min_length + 6;
  const strength = Math.min(1, length / comfortable);
  const name = email.split('@')[0]?.trim().toLowerCase() ?? '';
  if (length === 0) {
    return { strength, enough: false, text: t.passwordHint.empty(rule.min_length) };
  }
  if (length < rule.min_length) {
    return { strength, enough: false, text: t.passwordHint.short(rule.min_length - length) };
  }
  if (length > rule.max_length) {
    return { strength: 1, enough: false, text: t.passwordHint.long(rule.max_length) };
  }
  if (new Set(password).size < 5 || (name.length > 3 && password.toLowerCase().includes(name))) {
    return { strength: 0.4, enough: true, text: t.passwordHint.guessable };
  }
  return length < comfortable
    ? { strength, enough: true, text: t.passwordHint.enough }
    : { strength, enough: true, text: t.passwordHint.good };
}
