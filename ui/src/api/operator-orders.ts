// Calls of operators about everybody's orders.
import type { Part } from './catalog';
import { bodyOf, client } from './client';
import { limit, ordersOf, type OrderQuery } from './orders';
import type { Order, OrderSummary, Shipping } from './types';

const api = client();
const deciding = client({ action: 'decide_order' });

/** The state that is meant: what changed meanwhile is refused. */
const as = ({ txn_id, version }: Order) => ({ params: { path: { txn_id } }, version });

/** What is to be shipped, to be called off, or over and not given back. */
export const listOpenOrders = (query: OrderQuery): Promise<Part<OrderSummary>> =>
  ordersOf(api.GET('/api/operator/orders', { params: { query: { ...query, limit } } }));

export const listCustomerOrders = (subject: string, query: OrderQuery): Promise<Part<OrderSummary>> =>
  ordersOf(
    api.GET('/api/operator/billing/customers/{user_sub}/orders', {
      params: { path: { user_sub: subject }, query: { ...query, limit } },
    }),
  );

export const readAnyOrder = (order: string) =>
  bodyOf(api.GET('/api/operator/orders/{txn_id}', { params: { path: { txn_id: order } } }));

export const shipOrder = (order: Order, shipping: Shipping) => {
  const { params, version } = as(order);
  return bodyOf(api.PUT('/ui/purchase-history/transactions/{txn_id}/shipping', { params, body: { shipping, version } }));
};

export const answerCancel = (order: Order, approve: boolean, note: string) => {
  const { params, version } = as(order);
  const body = { decision: approve ? ('APPROVE' as const) : ('DENY' as const), version, ...(note ? { note } : {}) };
  return bodyOf(deciding.POST('/ui/purchase-history/transactions/{txn_id}/cancel/respond', { params, body }));
};

export const completeOrder = (order: Order, note: string) => {
  const { params, version } = as(order);
  const body = { version, ...(note ? { note } : {}) };
  return bodyOf(deciding.POST('/ui/purchase-history/transactions/{txn_id}/complete', { params, body }));
};

export const revertOrder = (order: Order, reason: string) => {
  const { params, version } = as(order);
  const body = { version, ...(reason ? { reason } : {}) };
  return bodyOf(deciding.POST('/ui/purchase-history/transactions/{txn_id}/revert', { params, body }));
};
