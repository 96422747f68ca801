// How what people subscribe to is put into words.
import type { Entitlement, Plan, Price, Subscription } from '../api/types';
import { money, number, onDay } from '../i18n/formats';
import { t } from '../i18n/language.svelte';

type Periods = Pick<Plan, 'interval' | 'interval_count'>;

/** "€10.00 every month". */
export function priceOf(price: Pick<Price, 'amount' | 'currency' | 'digits'>, periods: Periods): string {
  const amount = price.amount === 0 ? t.subscriptions.free : money(price.amount, price.currency, price.digits);
  return t.subscriptions.costs(amount, t.intervals[periods.interval](periods.interval_count));
}

export const entitlementName = ({ name, limit }: Pick<Entitlement, 'name' | 'limit'>): string =>
  limit === null || limit === undefined ? t.subscriptions.noLimit(name) : t.subscriptions.limit(name, number(limit));

/** What comes next of a subscription. */
export function comesNext(one: Subscription): string | null {
  if (one.ends_at) return t.subscriptions.endsOn(onDay(one.ends_at));
  if (one.trial_end) return t.subscriptions.trialUntil(onDay(one.trial_end));
  return one.renews_at ? t.subscriptions.billedNext(onDay(one.renews_at)) : null;
}

export const isOver = (one: Subscription): boolean => one.status === 'canceled' || one.status === 'ended';
