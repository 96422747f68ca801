// Somebody who owes and pays: what a person does at the simulated Stripe, and what happens to them there.
import { randomBytes, randomInt } from 'node:crypto';
import { expect, type APIRequestContext, type Page } from '@playwright/test';
import type { Payment } from '../src/api/types';
import type { Messages } from '../src/i18n/messages/en';
import type { Person } from './person';

/** Where the simulated Stripe of the server is. */
export const stripe = process.env.PORTCULLIS_STRIPE ?? '';

/** A card that succeeds, one whose bank asks, one that is refused, one that can be stored and is refused whenever it is charged. */
export const cards = {
  good: '4242424242424242',
  asks: '4000002760003184',
  refused: '4000000000000002',
  refusedLater: '4000000000000341',
};

const fields = (page: Page) => page.frameLocator('iframe[title="Payment"]');

export class Payer {
  readonly #page: Page;
  readonly #person: Person;
  readonly #t: Messages;

  constructor(page: Page, person: Person, t: Messages) {
    this.#page = page;
    this.#person = person;
    this.#t = t;
  }

  /** Everything that was sent to the panel's own server so far, with what it carried. */
  static watch(page: Page, own: string): string[] {
    const sent: string[] = [];
    page.on('request', (request) => {
      if (request.url().startsWith(own)) sent.push(`${request.url()} ${request.postData() ?? ''}`);
    });
    return sent;
  }

  async enter(number: string): Promise<void> {
    await fields(this.#page).getByLabel('Number').fill(number);
  }

  async enterAccount(number: string): Promise<void> {
    await fields(this.#page).getByLabel('Pay with').selectOption('us_bank_account');
    await fields(this.#page).getByLabel('Number').fill(number);
  }

  async answerBank(button: 'Complete' | 'Fail'): Promise<void> {
    await this.#page.frameLocator('iframe[title="Bank"]').getByRole('button', { name: button }).click();
  }

  /** Stores a card from the page about money. */
  async addCard(number = cards.good): Promise<void> {
    const { methods } = this.#t;
    await this.#page.goto('/billing');
    await this.#page.getByRole('link', { name: methods.add, exact: true }).click();
    await expect(this.#page.getByRole('heading', { level: 1, name: methods.addTitle })).toBeVisible();
    await this.#page.getByRole('button', { name: methods.begin }).click();
    const store = this.#page.getByRole('button', { name: methods.store });
    await this.#person.confirmWithPassword(this.#page, store);
    await this.enter(number);
    await store.click();
    if (number === cards.asks) await this.answerBank('Complete');
    await expect(this.#page.getByText(methods.added)).toBeVisible();
  }

  /** Buys something with the stored card, as an application would have it paid. */
  async buy(capture: 'now' | 'later' = 'now'): Promise<{ payment: Payment; reference: string }> {
    const amount = randomInt(1_000, 900_000);
    const body = { purpose: 'purchase', amount, currency: 'USD', pay_by: 'method', description: 'Plum kettle', capture };
    const { csrf_token: token } = (await (await this.#page.request.get('/ui/me')).json()) as { csrf_token: string };
    const answer = await this.#page.request.post('/api/billing/payments', {
      data: body,
      headers: { 'Idempotency-Key': randomBytes(8).toString('hex'), 'X-CSRF-Token': token },
    });
    expect(answer.status(), await answer.text()).toBe(201);
    return { payment: (await answer.json()) as Payment, reference: await referenceOf(this.#page.request, amount) };
  }

  /** Owes something in the end: what was bought is contested, and its money is taken back. Gives how much. */
  async owe(): Promise<number> {
    const { payment, reference } = await this.buy();
    await atDesk(this.#page.request, 'dispute', reference);
    await expect(async () => {
      const balances = (await (await this.#page.request.get('/api/billing/balance')).json()) as { balances: { payable: number }[] };
      expect(balances.balances[0]?.payable).toBe(payment.amount);
    }).toPass();
    return payment.amount;
  }
}

/** What Stripe calls the newest payment of this amount of dollars. */
export async function referenceOf(request: APIRequestContext, amount: number): Promise<string> {
  const shown = `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')} USD`;
  let reference = '';
  await expect(async () => {
    const desk = await (await request.get(`${stripe}/`)).text();
    reference = new RegExp(`<td>(pi_\\w+)</td><td>${shown}</td>`).exec(desk)?.[1] ?? '';
    expect(reference).not.toBe('');
  }).toPass();
  return reference;
}

/** Plays the payer's bank at the desk of the simulated Stripe. */
export const atDesk = (request: APIRequestContext, deed: 'dispute' | 'settle' | 'bounce', reference: string) =>
  request.post(`${stripe}/simulated/${deed}/${reference}`);
