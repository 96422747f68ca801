// Stripe's Node.js library against the simulated Stripe: a customer, a setup, a payment, a hold, a refund, a webhook.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';

import Stripe from 'stripe';

const arrived = [];
const receiver = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    arrived.push([Buffer.concat(parts), request.headers['stripe-signature']]);
    response.end();
  });
});
await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));

const { hostname, port } = new URL(process.env.STRIPE_URL);
const connect = (key) =>
  new Stripe(key, { host: hostname, port, protocol: 'http', maxNetworkRetries: 0, telemetry: false });
const stripe = connect('sk_test_simulated');
const endpoint = await stripe.webhookEndpoints.create({
  url: `http://127.0.0.1:${receiver.address().port}/hook`,
  enabled_events: ['*'],
});

const customer = await stripe.customers.create({ email: 'ada@example.com' });
const setup = await stripe.setupIntents.create({ customer: customer.id, confirm: true, payment_method: 'pm_card_visa' });
assert.equal(setup.status, 'succeeded');
const methods = await stripe.customers.listPaymentMethods(customer.id);
assert.deepEqual(methods.data.map((method) => method.id), [setup.payment_method]);

const waiting = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd', customer: customer.id });
assert.equal(waiting.status, 'requires_payment_method');
const paid = await stripe.paymentIntents.confirm(waiting.id, { payment_method: setup.payment_method });
assert.deepEqual([paid.status, paid.amount_received], ['succeeded', 2000]);

const held = await stripe.paymentIntents.create({
  amount: 900, currency: 'usd', customer: customer.id, payment_method: setup.payment_method, confirm: true,
  capture_method: 'manual',
});
assert.equal(held.status, 'requires_capture');
const captured = await stripe.paymentIntents.capture(held.id, { amount_to_capture: 700 });
assert.equal(captured.amount_received, 700);

const refund = await stripe.refunds.create({ payment_intent: paid.id });
assert.deepEqual([refund.status, refund.amount], ['succeeded', 2000]);
await assert.rejects(stripe.refunds.create({ payment_intent: paid.id }), { code: 'charge_already_refunded' });
await assert.rejects(
  stripe.paymentIntents.create({
    amount: 900, currency: 'usd', payment_method: 'pm_card_visa_chargeDeclinedStolenCard', confirm: true,
  }),
  { type: 'StripeCardError', decline_code: 'stolen_card' },
);
await assert.rejects(connect('sk_test_wrong').balance.retrieve(), { type: 'StripeAuthenticationError' });

const page = await stripe.checkout.sessions.create({
  mode: 'payment', success_url: 'https://example.com/ok',
  line_items: [{ quantity: 2, price_data: { currency: 'usd', unit_amount: 500, product_data: { name: 'Credits' } } }],
});
assert.deepEqual([page.status, page.amount_total], ['open', 1000]);
assert.equal((await stripe.checkout.sessions.expire(page.id)).status, 'expired');

const names = new Set();
for (let tries = 0; !names.has('checkout.session.expired') && tries < 300; tries += 1) {
  for (const [body, signature] of arrived.splice(0)) {
    names.add(stripe.webhooks.constructEvent(body, signature, endpoint.secret).type);
    assert.throws(() => stripe.webhooks.constructEvent(`${body} `, signature, endpoint.secret));
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
}
for (const name of ['customer.created', 'setup_intent.succeeded', 'payment_intent.succeeded', 'checkout.session.expired']) {
  assert.ok(names.has(name), `${name} did not arrive: ${[...names]}`);
}
receiver.close();
receiver.closeAllConnections();
console.log(`Stripe's Node.js library ${Stripe.PACKAGE_VERSION} is content with the simulated Stripe`);
