// Calls about one's own invoices.
import { bodyOf, client } from './client';
import type { InvoicePage, InvoiceState, PayInvoice } from './types';

const api = client();
const paying = client({ action: 'pay' });

/** Which invoices are asked for. */
export interface InvoiceQuery {
  state?: InvoiceState;
  cursor?: string;
}

/** Invoices in a page. */
const limit = 20;

const of = (invoice: string) => ({ params: { path: { invoice_id: invoice } } });

export const listInvoices = (query: InvoiceQuery): Promise<InvoicePage> =>
  bodyOf(api.GET('/api/billing/invoices', { params: { query: { ...query, limit } } }));

export const readInvoice = (invoice: string) => bodyOf(api.GET('/api/billing/invoices/{invoice_id}', of(invoice)));

/** Sent again with the same key it is the same payment. */
export const payInvoice = (key: string, invoice: string, body: PayInvoice) =>
  bodyOf(
    paying.POST('/api/billing/invoices/{invoice_id}/pay', {
      params: { path: { invoice_id: invoice }, header: { 'Idempotency-Key': key } },
      body,
    }),
  );
