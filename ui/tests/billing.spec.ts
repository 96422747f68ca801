// What somebody owes and paid: shown where people can pay, in every language, to the last digit.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page, Route } from '@playwright/test';
import type { Balance, Entry, EntryKind } from '../src/api/types';
import { expect, locales, test } from './person';

const json = (body: object) => ({ contentType: 'application/json', body: JSON.stringify(body) });

/** A deployment with a vendor of payments, or without one. */
async function offerBilling(page: Page, billing = true): Promise<void> {
  await page.route('**/ui/options', async (route) => {
    const answer = await route.fetch();
    await route.fulfill(json({ ...((await answer.json()) as object), billing }));
  });
}

const balance = (currency: string, digits: number, figures: Partial<Balance>): Balance => ({
  currency,
  digits,
  payable: 0,
  owed: 0,
  debits_posted: 0,
  debits_pending: 0,
  credits_posted: 0,
  credits_pending: 0,
  entries: 1,
  collecting: null,
  ...figures,
});

const entry = (number: number, kind: EntryKind, amount: number, owed: number, more: Partial<Entry> = {}): Entry => ({
  number,
  transaction_id: `txn_${number}`,
  at: 1_790_000_000 + number,
  kind,
  phase: 'posted',
  open: false,
  currency: 'EUR',
  digits: 2,
  amount,
  owed_after: owed,
  resolves: null,
  cause: 'payment',
  cause_id: null,
  reason: null,
  postings: [],
  ...more,
});

/** Thirty purchases of one cent each behind a payment that is under way; a filter leaves the purchases, or nothing. */
async function account(page: Page): Promise<void> {
  const balances = [
    balance('EUR', 2, { payable: 123_456, owed: 123_956, credits_pending: 500 }),
    balance('HUF', 2, { payable: 150_050, owed: 150_050 }),
    balance('JPY', 0, { owed: -7 }),
  ];
  await page.route('**/api/billing/balance', (route) => route.fulfill(json({ balances })));
  const answer = (route: Route) => {
    const query = new URL(route.request().url()).searchParams;
    const all = [
      entry(31, 'hold', -500, 123_956, { phase: 'pending', open: true, reason: 'Two days without service' }),
      ...Array.from({ length: 30 }, (_, index) => entry(30 - index, 'sale', 1, 30 - index)),
    ].filter((one) => !query.has('kind') || one.kind === query.get('kind'));
    const from = Number(query.get('cursor') ?? 0);
    const entries = query.get('currency') === 'EUR' ? all.slice(from, from + 25) : [];
    const more = query.get('currency') === 'EUR' && from + 25 < all.length;
    return route.fulfill(json({ entries, next_cursor: more ? String(from + 25) : null }));
  };
  await page.route('**/api/billing/ledger?*', answer);
}

/** No axe violation in either theme, and nothing cut off at 360 pixels. */
async function forEveryone(page: Page): Promise<void> {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([]);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
}

test('where nobody can pay nothing of it is shown', async ({ page, person, t }) => {
  await offerBilling(page, false);
  await person.signUp(page);
  await expect(page.getByRole('link', { name: t.pages.billing })).toHaveCount(0);
  await page.goto('/billing');
  await expect(page.getByRole('heading', { level: 1, name: t.frame.notFound })).toBeVisible();
});

test('an account to which nothing was posted says so', async ({ page, person, t }) => {
  await offerBilling(page);
  await person.signUp(page);
  await page.getByRole('link', { name: t.pages.billing }).first().click();
  await expect(page.getByRole('heading', { name: t.billing.emptyTitle })).toBeVisible();
  await forEveryone(page);
});

for (const locale of locales) {
  test.describe(locale, () => {
    test.use({ locale });

    test('balances and history are shown to the last digit, filtered, and page by page', async ({ page, person, t }) => {
      await offerBilling(page);
      await account(page);
      await person.signUp(page);
      await page.goto('/billing');
      const balances = page.getByRole('list', { name: t.billing.balances }).getByRole('listitem');
      const euros = locale === 'de-DE' ? /1\.234,56\s€/ : /€1,234\.56/;
      await expect(balances.first()).toContainText(t.billing.toPay);
      await expect(balances.first()).toContainText(euros);
      await expect(balances.nth(1)).toContainText(locale === 'de-DE' ? /1\.500,50\sHUF/ : /HUF\s1,500\.50/);
      await expect(balances.nth(2)).toContainText(t.billing.credited);
      await expect(balances.nth(2)).toContainText(locale === 'de-DE' ? /(^|\D)7\s¥/ : /¥7(?![\d.])/);
      const history = page.getByRole('region', { name: t.billing.history });
      const rows = history.getByRole('listitem');
      await expect(rows).toHaveCount(25);
      await expect(rows.first()).toContainText(t.entryKinds.hold);
      await expect(rows.first()).toContainText(t.billing.pending);
      await expect(rows.first()).toContainText(locale === 'de-DE' ? /-5,00\s€/ : /-€5\.00/);
      await history.getByRole('button', { name: t.billing.more }).click();
      await expect(rows).toHaveCount(31);
      await expect(history.getByRole('button', { name: t.billing.more })).toHaveCount(0);
      await history.getByLabel(t.billing.show).selectOption('sale');
      await expect(rows.first()).toContainText(t.entryKinds.sale);
      await history.getByLabel(t.billing.show).selectOption('refund');
      await expect(history.getByText(t.billing.noEntries)).toBeVisible();
      await history.getByLabel(t.billing.show).selectOption('');
      await expect(rows).toHaveCount(25);
      await history.getByLabel(t.billing.currency).selectOption('JPY');
      await expect(history.getByText(t.billing.noEntries)).toBeVisible();
      await history.getByLabel(t.billing.currency).selectOption('EUR');
      await expect(rows).toHaveCount(25);
      await forEveryone(page);
    });
  });
}

test('more of a list that is not shown any more is left out of the one that is', async ({ page, person, t }) => {
  await offerBilling(page);
  await account(page);
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/api/billing/ledger?*cursor=*', async (route) => {
    await released;
    await route.fallback();
  });
  await person.signUp(page);
  await page.goto('/billing');
  const history = page.getByRole('region', { name: t.billing.history });
  await expect(history.getByRole('listitem')).toHaveCount(25);
  const late = page.waitForResponse((answer) => answer.url().includes('cursor='));
  await history.getByRole('button', { name: t.billing.more }).click();
  await history.getByLabel(t.billing.show).selectOption('sale');
  await expect(history.getByRole('listitem').first()).toContainText(t.entryKinds.sale);
  await expect(history.getByRole('listitem')).toHaveCount(25);
  release();
  await (await late).finished();
  await history.getByRole('button', { name: t.billing.more }).click();
  await expect(history.getByRole('listitem')).toHaveCount(30);
});

test('a history that cannot be read says so and can be tried again', async ({ page, person, t }) => {
  await offerBilling(page);
  await account(page);
  await page.route('**/api/billing/ledger?*', (route) => route.abort());
  await person.signUp(page);
  await page.goto('/billing');
  const history = page.getByRole('region', { name: t.billing.history });
  await expect(history.getByRole('alert')).toHaveText(t.problems.network);
  await page.unroute('**/api/billing/ledger?*');
  await account(page);
  await history.getByRole('button', { name: t.common.tryAgain }).click();
  await expect(history.getByRole('listitem')).toHaveCount(25);
});
