// Calls of operators about plans, and about who subscribes to them.
import { bodyOf, client } from './client';
import type { ChangePlan, CreatePlan, OperatorCancel, SubscriptionPage } from './types';

const api = client();
const managing = client({ action: 'manage_plans' });
const cancelling = client({ action: 'cancel_subscription' });

/** Subscriptions in a page. */
const limit = 20;

export const listAllPlans = async () => (await bodyOf(api.GET('/api/operator/plans'))).plans;

export const createPlan = (body: CreatePlan) => bodyOf(managing.POST('/api/operator/plans', { body }));

export const changePlan = (plan: string, body: ChangePlan) =>
  bodyOf(managing.PATCH('/api/operator/plans/{plan_id}', { params: { path: { plan_id: plan } }, body }));

export const listCustomerSubscriptions = (subject: string, cursor?: string): Promise<SubscriptionPage> =>
  bodyOf(
    api.GET('/api/operator/billing/customers/{user_sub}/subscriptions', {
      params: { path: { user_sub: subject }, query: cursor ? { cursor, limit } : { limit } },
    }),
  );

export const cancelForCustomer = (subject: string, subscription: string, body: OperatorCancel) =>
  bodyOf(
    cancelling.POST('/api/operator/billing/customers/{user_sub}/subscriptions/{subscription_id}/cancel', {
      params: { path: { user_sub: subject, subscription_id: subscription } },
      body,
    }),
  );
