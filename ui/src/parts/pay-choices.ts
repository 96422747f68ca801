// With what somebody can pay an amount of a currency: stored methods, others, and outside of any vendor.
import type { BillingConfig, PayInvoice, PaymentMethod } from '../api/types';
import { t } from '../i18n/language.svelte';
import { hasFields } from '../vendors/vendor';
import { methodName } from './payment-names';

export type PayWith = Pick<PayInvoice, 'pay_by' | 'payment_method_id' | 'vendor'>;

export interface PayChoice {
  id: string;
  name: string;
  badge: string | null;
  with: PayWith;
  /** The instance of the vendor that takes it. */
  vendor: string;
  canSave: boolean;
}

export function payChoices(config: BillingConfig, methods: PaymentMethod[], currency: string): PayChoice[] {
  const takers = config.vendors.filter((one) => one.currencies.some((taken) => taken.currency === currency));
  const all: PayChoice[] = [];
  for (const method of methods) {
    if (method.status === 'dead' || !takers.some((one) => one.name === method.vendor)) continue;
    const badge = method.is_default ? t.methods.standard : null;
    const by: PayWith = { pay_by: 'method', payment_method_id: method.payment_method_id };
    all.push({ id: method.payment_method_id, name: methodName(method), badge, with: by, vendor: method.vendor, canSave: false });
  }
  const at = (name: string, vendor: string) => (takers.length > 1 ? t.pay.at(name, vendor) : name);
  for (const taker of takers) {
    const { name, offers } = taker;
    const add = (pay_by: PayWith['pay_by'], text: string, canSave = false) =>
      all.push({ id: `${pay_by}-${name}`, name: at(text, name), badge: null, with: { pay_by, vendor: name }, vendor: name, canSave });
    if (offers.includes('charge_present') && hasFields(taker)) add('browser', t.pay.withNew, offers.includes('charge_stored'));
    if (offers.includes('hosted_page')) add('page', t.pay.withPage);
    if (offers.includes('offline')) add('offline', t.pay.outside);
  }
  return all;
}

/** What is picked, or else the default, or else the first. */
export const pickedOf = (choices: PayChoice[], picked: string): PayChoice | undefined =>
  choices.find((one) => one.id === picked) ?? choices.find((one) => one.badge) ?? choices[0];

/** The decimal places of every currency that is taken, by its code. */
export function currenciesOf(config: BillingConfig): Record<string, number> {
  const taken = config.vendors.flatMap((one) => one.currencies.map(({ currency, digits }) => [currency, digits] as const));
  return Object.fromEntries(taken.sort(([a], [b]) => a.localeCompare(b)));
}
