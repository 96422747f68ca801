// Dates, spans of time, numbers and lists, as the person's language and region have them.
import { language, t } from './language.svelte';

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** "3 minutes ago"; anything under a minute, or ahead of our clock, is "just now". */
export function ago(seconds: number, now: number): string {
  const age = now - seconds;
  for (const [unit, length] of units) {
    if (age < length) continue;
    return new Intl.RelativeTimeFormat(language.locale, { numeric: 'auto' }).format(-Math.floor(age / length), unit);
  }
  return t.time.justNow;
}

const date = (seconds: number, style: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(language.locale, style).format(seconds * 1000);

export const exactly = (seconds: number): string => date(seconds, { dateStyle: 'long', timeStyle: 'short' });
export const onDay = (seconds: number): string => date(seconds, { dateStyle: 'medium' });
export const machineTime = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** "45 seconds", "2 minutes": how long to wait, rounded up. */
export function span(seconds: number): string {
  if (seconds < 90) return measured(Math.max(1, Math.ceil(seconds)), 'second');
  if (seconds < 5400) return measured(Math.ceil(seconds / 60), 'minute');
  return measured(Math.ceil(seconds / 3600), 'hour');
}

const measured = (count: number, unit: string): string =>
  new Intl.NumberFormat(language.locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count);

export const number = (count: number): string => new Intl.NumberFormat(language.locale).format(count);

/** "a, b and c". */
export const list = (parts: string[]): string =>
  new Intl.ListFormat(language.locale, { type: 'conjunction' }).format(parts);
