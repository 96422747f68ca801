// The simulated Stripe of `portcullis dev` in a browser: its look-alike of Stripe's script, its pages, its desk.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, test, type APIRequestContext, type Page } from '@playwright/test';

const stripe = process.env.PORTCULLIS_STRIPE ?? '';
test.skip(stripe === '', 'PORTCULLIS_STRIPE names no simulated Stripe');

// A shop of another origin, served by this machine: browsers keep pages from elsewhere away from it.
const server = createServer((_, response) => {
  response.setHeader('content-type', 'text/html');
  response.end(`<!doctype html><title>Shop</title><div id="element"></div><script src="${stripe}/v3/"></script>`);
});
test.beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
test.afterAll(() => {
  server.close();
});

type Made = { id: string; client_secret: string; url: string; status: string };

async function make(request: APIRequestContext, path: string, form: Record<string, string>): Promise<Made> {
  const answer = await request.post(`${stripe}/v1/${path}`, {
    form,
    headers: { authorization: 'Bearer sk_test_simulated' },
  });
  expect(answer.status()).toBe(200);
  return (await answer.json()) as Made;
}

/** A page of another origin with the payment element in it. */
async function shop(page: Page, secret: string): Promise<void> {
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.evaluate((clientSecret) => {
    const shop = globalThis as unknown as Record<string, any>;
    shop.stripe = shop.Stripe('pk_test_simulated');
    shop.elements = shop.stripe.elements({ clientSecret });
    shop.elements.create('payment').mount('#element');
  }, secret);
}

/** Confirms it; what the page is told is put where a test can wait for it. */
async function confirm(page: Page, what: 'confirmPayment' | 'confirmSetup'): Promise<void> {
  await page.evaluate((name) => {
    const shop = globalThis as unknown as Record<string, any>;
    const confirmed = shop.stripe[name]({ elements: shop.elements, redirect: 'if_required' });
    confirmed.then((result: any) => {
      const intent = result.paymentIntent ?? result.setupIntent;
      document.title = result.error ? `refused: ${result.error.decline_code ?? result.error.code}` : intent.status;
    });
  }, what);
}

const order = { amount: '1999', currency: 'usd' };

test('a card pays in the look-alike of the payment element, and its number stays in the frame', async ({ page, request }) => {
  const hosts: string[] = [];
  page.on('request', (asked) => {
    if ((asked.postData() ?? '').includes('4242424242424242')) hosts.push(new URL(asked.url()).origin);
  });
  const intent = await make(request, 'payment_intents', order);
  await shop(page, intent.client_secret);
  await expect(page.frameLocator('#element iframe').getByLabel('Number')).toHaveValue('4242424242424242');
  await confirm(page, 'confirmPayment');
  await expect(page).toHaveTitle('succeeded');
  expect(hosts).toEqual([stripe]);
});

test('a card is refused', async ({ page, request }) => {
  const intent = await make(request, 'payment_intents', order);
  await shop(page, intent.client_secret);
  await page.frameLocator('#element iframe').getByLabel('Number').fill('4000000000000002');
  await confirm(page, 'confirmPayment');
  await expect(page).toHaveTitle('refused: generic_decline');
});

for (const [button, told] of [
  ['Complete', 'succeeded'],
  ['Fail', 'refused: payment_intent_authentication_failure'],
] as const) {
  test(`the bank asks, and the payer says ${button}`, async ({ page, request }) => {
    const intent = await make(request, 'payment_intents', order);
    await shop(page, intent.client_secret);
    await page.frameLocator('#element iframe').getByLabel('Number').fill('4000002760003184');
    await confirm(page, 'confirmPayment');
    await page.frameLocator('iframe[title="Bank"]').getByRole('button', { name: button }).click();
    await expect(page).toHaveTitle(told);
  });
}

test('a bank account is stored, to be proven by deposits', async ({ page, request }) => {
  const setup = await make(request, 'setup_intents', { usage: 'off_session' });
  await shop(page, setup.client_secret);
  await page.frameLocator('#element iframe').getByLabel('Pay with').selectOption('us_bank_account');
  await confirm(page, 'confirmSetup');
  await expect(page).toHaveTitle('requires_action');
});

test('a page of Checkout is paid', async ({ page, request }) => {
  const session = await make(request, 'checkout/sessions', {
    mode: 'payment',
    success_url: `${stripe}/?paid={CHECKOUT_SESSION_ID}`,
    cancel_url: `${stripe}/`,
    'line_items[0][quantity]': '1',
    'line_items[0][price_data][currency]': 'usd',
    'line_items[0][price_data][unit_amount]': '1500',
    'line_items[0][price_data][product_data][name]': 'Credits',
  });
  await page.goto(session.url);
  await expect(page.getByRole('heading', { name: 'Pay 15.00 USD' })).toBeVisible();
  await page.getByRole('button', { name: 'Pay' }).click();
  await expect(page).toHaveURL(`${stripe}/?paid=${session.id}`);
});

test('a button moves time, and a bank debit is decided', async ({ page, request }) => {
  const intent = await make(request, 'payment_intents', {
    ...order,
    confirm: 'true',
    payment_method: 'pm_usBankAccount_success',
  });
  expect(intent.status).toBe('processing');
  await page.goto(`${stripe}/`);
  await page.getByRole('button', { name: 'Five days later' }).click();
  await expect(page.getByRole('row', { name: intent.id })).toContainText('succeeded');
});
