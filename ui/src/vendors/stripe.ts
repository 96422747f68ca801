// Stripe.js, as far as the panel uses it: the Payment Element, and the bank's question.
import { Problem } from '../api/problem';
import { language } from '../i18n/language.svelte';
import { theme } from '../theme.svelte';
import type { VendorScript } from './vendor';

interface Failure {
  type?: string;
  message?: string;
}

interface Result {
  error?: Failure;
  paymentIntent?: { status: string };
  setupIntent?: { status: string };
}

interface Elements {
  create(kind: 'payment'): { mount(place: HTMLElement): void; destroy(): void };
  submit(): Promise<{ error?: Failure }>;
}

interface Confirmation {
  elements: Elements;
  confirmParams: { return_url: string };
  redirect: 'if_required';
}

interface StripeScript {
  elements(options: { clientSecret: string; appearance: { theme: string } }): Elements;
  confirmPayment(order: Confirmation): Promise<Result>;
  confirmSetup(order: Confirmation): Promise<Result>;
  handleNextAction(order: { clientSecret: string }): Promise<Result>;
  retrievePaymentIntent(secret: string): Promise<Result>;
  retrieveSetupIntent(secret: string): Promise<Result>;
}

type Start = (publicKey: string, options: { locale: string }) => StripeScript;

/** Failures that say nothing of the payer: all others the server learns from Stripe itself. */
const ours = new Set(['api_connection_error', 'api_error', 'authentication_error', 'rate_limit_error']);

function expectAnswer({ error }: Result): void {
  if (error && ours.has(error.type ?? '')) throw new Problem('vendor-failed', error.message ? { detail: error.message } : {});
}

export function stripe(publicKey: string): VendorScript {
  const start = (globalThis as unknown as { Stripe: Start }).Stripe;
  const script = start(publicKey, { locale: language.locale });
  return {
    async goOn(secret, place, returnTo) {
      const isSetup = secret.startsWith('seti_');
      const now = await (isSetup ? script.retrieveSetupIntent(secret) : script.retrievePaymentIntent(secret));
      expectAnswer(now);
      const status = (now.paymentIntent ?? now.setupIntent)?.status;
      if (status === 'requires_action') {
        expectAnswer(await script.handleNextAction({ clientSecret: secret }));
        return null;
      }
      if (status !== 'requires_payment_method' && status !== 'requires_confirmation') return null;
      const appearance = { theme: theme.mode === 'dark' ? 'night' : 'stripe' };
      const elements = script.elements({ clientSecret: secret, appearance });
      const fields = elements.create('payment');
      fields.mount(place);
      return {
        async confirm() {
          if ((await elements.submit()).error) return false;
          const order: Confirmation = { elements, confirmParams: { return_url: returnTo }, redirect: 'if_required' };
          expectAnswer(await (isSetup ? script.confirmSetup(order) : script.confirmPayment(order)));
          return true;
        },
        remove: () => fields.destroy(),
      };
    },
  };
}
