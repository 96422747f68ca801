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
/** A day of a calendar, such as `2026-11-28`, wherever its clocks stand. */
export const onDate = (day: string): string =>
  new Intl.DateTimeFormat(language.locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`));

/** The month of such a day. */
export const inMonth = (day: string): string =>
  new Intl.DateTimeFormat(language.locale, { month: 'short', year: 'numeric', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`));

/** Hundredths of a percent. */
export const share = (points: number): string =>
  new Intl.NumberFormat(language.locale, { style: 'percent', maximumFractionDigits: 2 }).format(points / 10_000);

export const machineTime = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** "3 days", "5 hours": how long something is still possible, rounded down. */
export function left(seconds: number): string {
  if (seconds >= 172_800) return measured(Math.floor(seconds / 86_400), 'day');
  if (seconds >= 7200) return measured(Math.floor(seconds / 3600), 'hour');
  return measured(Math.max(0, Math.floor(seconds / 60)), 'minute');
}

/** "45 seconds", "2 minutes": how long to wait, rounded up. */
export function span(seconds: number): string {
  if (seconds < 90) return measured(Math.max(1, Math.ceil(seconds)), 'second');
  if (seconds < 5400) return measured(Math.ceil(seconds / 60), 'minute');
  return measured(Math.ceil(seconds / 3600), 'hour');
}

const measured = (count: number, unit: string): string =>
  new Intl.NumberFormat(language.locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count);

export const number = (count: number): string => new Intl.NumberFormat(language.locale).format(count);

/** An amount in minor units, of which `digits` stand after the point, to the last digit; Intl leaves out those of HUF. */
export function money(minor: number, currency: string, digits: number): string {
  const format = new Intl.NumberFormat(language.locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  const figures = String(Math.abs(minor)).padStart(digits + 1, '0');
  const whole = figures.slice(0, figures.length - digits);
  const exact = `${minor < 0 ? '-' : ''}${whole}${digits > 0 ? `.${figures.slice(-digits)}` : ''}`;
  return format.format(exact as Intl.StringNumericLiteral);
}

/** About how much, where there is little room: "€1.2K". */
export const shortMoney = (minor: number, currency: string, digits: number): string =>
  new Intl.NumberFormat(language.locale, { style: 'currency', currency, notation: 'compact', maximumFractionDigits: 1 }).format(
    minor / 10 ** digits,
  );

/** An amount as it is typed: "1234.56" or "1234,56". */
export function decimal(minor: number, digits: number): string {
  const figures = String(minor).padStart(digits + 1, '0');
  const parts = new Intl.NumberFormat(language.locale).formatToParts(0.5);
  const point = parts.find((part) => part.type === 'decimal')?.value ?? '.';
  return digits > 0 ? `${figures.slice(0, figures.length - digits)}${point}${figures.slice(-digits)}` : figures;
}

/** What was typed, in minor units; nothing if it is no amount with at most so many digits after the point. */
export function minorOf(typed: string, digits: number): number | null {
  const found = /^(\d{1,12})(?:[.,](\d+))?$/.exec(typed.trim());
  const fraction = found?.[2] ?? '';
  if (!found || fraction.length > digits) return null;
  return Number(`${found[1]}${fraction.padEnd(digits, '0')}`);
}

/** "a, b and c". */
export const list = (parts: string[]): string =>
  new Intl.ListFormat(language.locale, { type: 'conjunction' }).format(parts);
