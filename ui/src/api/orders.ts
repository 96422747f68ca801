// Calls about what one bought.
import { bodyOf, client } from './client';
import type { Part } from './catalog';
import type { OrderStatus, OrderSummary } from './types';

const api = client();

/** Which orders are asked for. */
export interface OrderQuery {
  status?: OrderStatus;
  cursor?: string;
}

/** Orders in a page. */
export const limit = 20;

/** Such lists are bare; the header `Link` says where they go on. */
export async function ordersOf(answer: Promise<{ data?: OrderSummary[]; response: Response }>): Promise<Part<OrderSummary>> {
  const asked = await answer;
  const items = await bodyOf(Promise.resolve(asked));
  const next = /<([^>]+)>;\s*rel="?next"?/.exec(asked.response.headers.get('link') ?? '')?.[1];
  return { items, next_cursor: next ? new URL(next, location.origin).searchParams.get('cursor') : null };
}

const of = (order: string) => ({ params: { path: { txn_id: order } } });

export const listOrders = (query: OrderQuery): Promise<Part<OrderSummary>> =>
  ordersOf(api.GET('/ui/purchase-history/transactions', { params: { query: { ...query, limit } } }));

export const readOrder = (order: string) => bodyOf(api.GET('/ui/purchase-history/transactions/{txn_id}', of(order)));

/** What happened to it. */
export const readOrderEvents = async (order: string) =>
  (await bodyOf(api.GET('/ui/purchase-history/transactions/{txn_id}/events', of(order)))).events;

export const requestCancel = (order: string, reason: string) =>
  bodyOf(
    api.POST('/ui/purchase-history/transactions/{txn_id}/cancel/request', {
      ...of(order),
      body: reason ? { reason } : {},
    }),
  );
