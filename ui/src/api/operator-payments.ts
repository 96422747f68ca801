// Calls of operators about everybody's payments.
import { bodyOf, client } from './client';
import type { PaymentQuery } from './payments';
import type { Decision, EvidenceDocument, EvidenceField, PaymentPage, RefundReason } from './types';

const api = client();
const moving = client({ action: 'move_money' });

/** Which payments are asked for: those of a day, or of whatever day those that need an operator's eye. */
export interface AllPaymentsQuery extends PaymentQuery {
  open?: boolean;
  /** Unix seconds of a moment of the day. */
  day?: number;
}

/** Payments in a page. */
const limit = 20;

const of = (payment: string) => ({ params: { path: { payment_id: payment } } });

export const listAllPayments = (query: AllPaymentsQuery): Promise<PaymentPage> =>
  bodyOf(api.GET('/api/operator/billing/payments', { params: { query: { ...query, limit } } }));

export const readAnyPayment = (payment: string) =>
  bodyOf(api.GET('/api/operator/billing/payments/{payment_id}', of(payment)));

export const readTimeline = (payment: string) =>
  bodyOf(api.GET('/api/operator/billing/payments/{payment_id}/timeline', of(payment)));

/** Sent again with the same key it is the same refund. */
export const refundPayment = (key: string, payment: string, body: { amount: number; reason: RefundReason }) =>
  bodyOf(
    moving.POST('/api/operator/billing/payments/{payment_id}/refunds', {
      params: { path: { payment_id: payment }, header: { 'Idempotency-Key': key } },
      body,
    }),
  );

export const capturePayment = (payment: string, amount: number) =>
  bodyOf(moving.POST('/api/operator/billing/payments/{payment_id}/capture', { ...of(payment), body: { amount } }));

export const voidPayment = (payment: string) =>
  bodyOf(moving.POST('/api/operator/billing/payments/{payment_id}/void', of(payment)));

export const resolvePayment = (payment: string, decision: Decision, reason: string) =>
  bodyOf(
    moving.POST('/api/operator/billing/payments/{payment_id}/resolve', { ...of(payment), body: { decision, reason } }),
  );

/** What is said to the bank; final once it is submitted. */
export interface DisputeAnswer {
  accept?: boolean;
  evidence?: { about: EvidenceField; text: string }[];
  /** Whole files in base64. */
  files?: { about: EvidenceDocument; content: string }[];
  submit?: boolean;
}

export const answerDispute = (payment: string, dispute: string, body: DisputeAnswer) =>
  bodyOf(
    moving.POST('/api/operator/billing/payments/{payment_id}/disputes/{dispute_id}/answer', {
      params: { path: { payment_id: payment, dispute_id: dispute } },
      body,
    }),
  );
