// Amounts of dollars as the panel shows them.
export const money = (cents: number, locale = 'en-GB'): string =>
  new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD' }).format(cents / 100);
