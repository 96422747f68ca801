// Dates and spans of time in words.
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeStyle: 'short' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

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
    if (age >= length) return relative.format(-Math.floor(age / length), unit);
  }
  return 'just now';
}

export const exactly = (seconds: number): string => full.format(seconds * 1000);
export const onDay = (seconds: number): string => day.format(seconds * 1000);
export const machineTime = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** "45 seconds", "2 minutes": how long to wait, rounded up. */
export function span(seconds: number): string {
  if (seconds < 90) return plural(Math.max(1, Math.ceil(seconds)), 'second');
  if (seconds < 5400) return plural(Math.ceil(seconds / 60), 'minute');
  return plural(Math.ceil(seconds / 3600), 'hour');
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
