// Calls about stored payment methods. What is entered at a vendor goes to the vendor, and never through here.
import { bodyOf, client } from './client';

const api = client();
const adding = client({ action: 'add_payment_method' });
const choosing = client({ action: 'set_default_payment_method' });
const removing = client({ action: 'remove_payment_method' });

export const listPaymentMethods = () => bodyOf(api.GET('/api/billing/payment-methods'));

/** Sent again with the same key it goes on with the same setup. */
export const beginSetup = (key: string, vendor: string) =>
  bodyOf(
    adding.POST('/api/billing/payment-methods/setups', {
      params: { header: { 'Idempotency-Key': key } },
      body: { vendor },
    }),
  );

/** What arrived on a bank account that is proven by deposits. */
export interface Deposits {
  amounts?: number[];
  descriptor_code?: string;
}

export const completeSetup = (setup: string, deposits: Deposits = {}) =>
  bodyOf(
    api.POST('/api/billing/payment-methods/setups/{setup_id}/complete', {
      params: { path: { setup_id: setup } },
      body: deposits,
    }),
  );

export const setDefaultMethod = (method: string) =>
  bodyOf(choosing.POST('/api/billing/payment-methods/default', { body: { payment_method_id: method } }));

export const setMethodPriority = (method: string, priority: number) =>
  bodyOf(api.POST('/api/billing/payment-methods/priority', { body: { payment_method_id: method, priority } }));

export const removeMethod = (method: string) =>
  bodyOf(
    removing.DELETE('/api/billing/payment-methods/{payment_method_id}', {
      params: { path: { payment_method_id: method } },
    }),
  );
