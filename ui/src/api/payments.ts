// Calls that pay, and that read what was paid.
import { bodyOf, client } from './client';
import type { BeginPayment, PaymentPage, PaymentStatus } from './types';

const api = client();
const paying = client({ action: 'pay' });

/** Which payments are asked for. */
export interface PaymentQuery {
  status?: PaymentStatus;
  vendor?: string;
  cursor?: string;
}

/** Payments in a page. */
const limit = 20;

const of = (payment: string) => ({ params: { path: { payment_id: payment } } });

export const readBillingConfig = () => bodyOf(api.GET('/api/billing/config'));

export const listPayments = (query: PaymentQuery): Promise<PaymentPage> =>
  bodyOf(api.GET('/api/billing/payments', { params: { query: { ...query, limit } } }));

export const readPayment = (payment: string) => bodyOf(api.GET('/api/billing/payments/{payment_id}', of(payment)));

/** Sent again with the same key it is the same payment. */
export const beginPayment = (key: string, body: BeginPayment) =>
  bodyOf(paying.POST('/api/billing/payments', { params: { header: { 'Idempotency-Key': key } }, body }));

/** After the payer acted, or to be told what the payer has to do. */
export const completePayment = (payment: string) =>
  bodyOf(api.POST('/api/billing/payments/{payment_id}/complete', of(payment)));

export const cancelPayment = (payment: string) =>
  bodyOf(api.POST('/api/billing/payments/{payment_id}/cancel', of(payment)));
