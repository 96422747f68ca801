// Calls about what one subscribes to.
import { bodyOf, client } from './client';
import type { CancelSubscription, ChangeSubscription, Subscribe, SubscriptionPage } from './types';

const api = client();
const paying = client({ action: 'pay' });

/** Subscriptions in a page. */
const limit = 20;

const of = (subscription: string) => ({ params: { path: { subscription_id: subscription } } });

export const listPlans = async () => (await bodyOf(api.GET('/api/billing/plans'))).plans;

export const listEntitlements = async () => (await bodyOf(api.GET('/api/billing/entitlements'))).entitlements;

export const listSubscriptions = (cursor?: string): Promise<SubscriptionPage> =>
  bodyOf(api.GET('/api/billing/subscriptions', { params: { query: cursor ? { cursor, limit } : { limit } } }));

export const readSubscription = (subscription: string) =>
  bodyOf(api.GET('/api/billing/subscriptions/{subscription_id}', of(subscription)));

/** Sent again with the same key it is the same subscription. */
export const subscribe = (key: string, body: Subscribe) =>
  bodyOf(paying.POST('/api/billing/subscriptions', { params: { header: { 'Idempotency-Key': key } }, body }));

/** Sent again with the same key it is changed once. */
export const completeSubscription = (subscription: string) =>
  bodyOf(api.POST('/api/billing/subscriptions/{subscription_id}/complete', of(subscription)));

export const changeSubscription = (key: string, subscription: string, body: ChangeSubscription) =>
  bodyOf(
    paying.POST('/api/billing/subscriptions/{subscription_id}/change', {
      params: { path: { subscription_id: subscription }, header: { 'Idempotency-Key': key } },
      body,
    }),
  );

export const cancelSubscription = (subscription: string, body: CancelSubscription) =>
  bodyOf(api.POST('/api/billing/subscriptions/{subscription_id}/cancel', { ...of(subscription), body }));

export const pauseSubscription = (subscription: string) =>
  bodyOf(api.POST('/api/billing/subscriptions/{subscription_id}/pause', of(subscription)));

export const resumeSubscription = (subscription: string) =>
  bodyOf(api.POST('/api/billing/subscriptions/{subscription_id}/resume', of(subscription)));

/** Without a method it is whatever is the default. */
export const chooseMethod = (subscription: string, method: string | null) =>
  bodyOf(
    paying.POST('/api/billing/subscriptions/{subscription_id}/payment-method', {
      ...of(subscription),
      body: { payment_method_id: method },
    }),
  );
