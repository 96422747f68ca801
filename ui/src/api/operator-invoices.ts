// Calls of operators about invoices, and about money that came for them outside of any vendor.
import { bodyOf, client } from './client';
import type { InvoiceQuery } from './invoices';
import type { InvoicePage, MarkPaidOut, MarkReceived, WriteInvoice } from './types';

const api = client();
const writing = client({ action: 'write_invoice' });
const moving = client({ action: 'move_money' });

/** Invoices in a page. */
const limit = 20;

const of = (subject: string, invoice: string) => ({ params: { path: { user_sub: subject, invoice_id: invoice } } });

export const listAllInvoices = (query: InvoiceQuery): Promise<InvoicePage> =>
  bodyOf(api.GET('/api/operator/billing/invoices', { params: { query: { ...query, limit } } }));

export const listCustomerInvoices = (subject: string, query: InvoiceQuery): Promise<InvoicePage> =>
  bodyOf(
    api.GET('/api/operator/billing/customers/{user_sub}/invoices', {
      params: { path: { user_sub: subject }, query: { ...query, limit } },
    }),
  );

export const readCustomerInvoice = (subject: string, invoice: string) =>
  bodyOf(api.GET('/api/operator/billing/customers/{user_sub}/invoices/{invoice_id}', of(subject, invoice)));

/** Sent again with the same key it is the same invoice. */
export const writeInvoice = (key: string, subject: string, body: WriteInvoice) =>
  bodyOf(
    writing.POST('/api/operator/billing/customers/{user_sub}/invoices', {
      params: { path: { user_sub: subject }, header: { 'Idempotency-Key': key } },
      body,
    }),
  );

export const issueInvoice = (subject: string, invoice: string) =>
  bodyOf(writing.POST('/api/operator/billing/customers/{user_sub}/invoices/{invoice_id}/issue', of(subject, invoice)));

export const voidInvoice = (subject: string, invoice: string, reason: string) =>
  bodyOf(
    writing.POST('/api/operator/billing/customers/{user_sub}/invoices/{invoice_id}/void', {
      ...of(subject, invoice),
      body: { reason },
    }),
  );

export const giveUpInvoice = (subject: string, invoice: string, reason: string) =>
  bodyOf(
    writing.POST('/api/operator/billing/customers/{user_sub}/invoices/{invoice_id}/uncollectible', {
      ...of(subject, invoice),
      body: { reason },
    }),
  );

/** Sent again with the same key, or with the same reference, it is booked once. */
export const markPaidOut = (key: string, payment: string, refund: string, body: MarkPaidOut) =>
  bodyOf(
    moving.POST('/api/operator/billing/payments/{payment_id}/refunds/{refund_id}/paid-out', {
      params: { path: { payment_id: payment, refund_id: refund }, header: { 'Idempotency-Key': key } },
      body,
    }),
  );

/** Sent again with the same key, or with the same reference, it is booked once. */
export const markReceived = (key: string, payment: string, body: MarkReceived) =>
  bodyOf(
    moving.POST('/api/operator/billing/payments/{payment_id}/receipts', {
      params: { path: { payment_id: payment }, header: { 'Idempotency-Key': key } },
      body,
    }),
  );
