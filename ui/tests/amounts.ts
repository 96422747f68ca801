// Amounts of dollars as the panel shows them in British English.
export const money = (cents: number): string =>
  new Intl.NumberFormat('en-GB', { style: 'currency', currency: 'USD' }).format(cents / 100);
