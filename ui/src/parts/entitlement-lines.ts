// What a plan entitles to, as it is typed: one on each line, with its limit behind it.
import type { Entitlement } from '../api/types';

/** Nothing where a line is none. */
export function entitlementsOf(typed: string): Entitlement[] | null {
  const found: Entitlement[] = [];
  for (const line of typed.split('\n').map((one) => one.trim()).filter(Boolean)) {
    const [, name, limit] = /^(\S+)(?:\s+(\d{1,15}))?$/.exec(line) ?? [];
    if (!name) return null;
    found.push({ name, limit: limit === undefined ? null : Number(limit) });
  }
  return found;
}
