// Paying in the panel, at the simulated Stripe of `portcullis dev`: cards are stored and charged, banks ask and refuse.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { cards, Payer, stripe } from './payer';
import { expect, locales, test } from './person';

test.skip(stripe === '', 'PORTCULLIS_STRIPE names no simulated Stripe');
test.slow();

/** No axe violation in either theme, and nothing cut off at 360 pixels. What the vendor shows is the vendor's. */
async function forEveryone(page: Page): Promise<void> {
  const usual = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations } = await new AxeBuilder({ page }).exclude('iframe').analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([]);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  if (usual) await page.setViewportSize(usual);
}

for (const locale of locales) {
  test.describe(locale, () => {
    test.use({ locale });

    test('a card is stored, what is owed is paid with it, and it stands in the history', async ({ page, person, t, baseURL }) => {
      const payer = new Payer(page, person, t);
      const sent = Payer.watch(page, baseURL ?? '');
      await person.signUp(page);
      await page.goto('/billing/add-method');
      await forEveryone(page);
      await payer.addCard();
      await forEveryone(page);
      await payer.owe();

      await page.goto('/billing');
      const methods = page.getByRole('region', { name: t.methods.title });
      await expect(methods.getByRole('listitem')).toContainText('4242');
      await expect(methods.getByRole('listitem')).toContainText(t.methods.standard);
      await forEveryone(page);
      await page.getByRole('link', { name: t.pay.title, exact: true }).click();
      await expect(page.getByRole('heading', { level: 1, name: t.pay.title })).toBeVisible();
      await expect(page.getByRole('radio').first()).toBeChecked();
      await forEveryone(page);
      await page.getByLabel(t.pay.amount).fill('0');
      await page.locator('button[type=submit]').click();
      await expect(page.getByLabel(t.pay.amount)).toHaveAttribute('aria-invalid', 'true');
      await page.reload();
      await page.locator('button[type=submit]').click();
      await expect(page.getByText(t.paymentStatus.succeeded.text)).toBeVisible();
      await forEveryone(page);

      await page.getByRole('link', { name: t.pay.toBilling }).click();
      await expect(page.getByRole('heading', { level: 2 }).getByText(t.paymentStatus.succeeded.name)).toBeVisible();
      await expect(page.getByText(t.payments.paidWith)).toBeVisible();
      await forEveryone(page);
      await page.getByRole('link', { name: t.payments.back }).click();
      const history = page.getByRole('region', { name: t.payments.title });
      await expect(history.getByRole('listitem')).toHaveCount(2);
      await history.getByLabel(t.payments.status).selectOption('failed');
      await expect(history.getByText(t.payments.none)).toBeVisible();
      await expect(page.getByText(t.billing.settled)).toBeVisible();
      expect(sent.length).toBeGreaterThan(10);
      expect(sent.filter((one) => one.includes(cards.good))).toEqual([]);
    });
  });
}

test('the bank asks, and the payer says yes', async ({ page, person, t }) => {
  const payer = new Payer(page, person, t);
  await person.signUp(page);
  await payer.addCard();
  await payer.owe();
  await page.goto('/billing/pay');
  await page.getByLabel(t.pay.withNew).check();
  await page.getByRole('button', { name: t.pay.begin, exact: true }).click();
  await payer.enter(cards.asks);
  await page.getByRole('region', { name: t.pay.enter }).getByRole('button').click();
  await payer.answerBank('Complete');
  await expect(page.getByText(t.paymentStatus.succeeded.text)).toBeVisible();
  await page.goto('/billing');
  const history = page.getByRole('region', { name: t.payments.title });
  const table = await history.getByRole('link', { name: t.payments.statement }).getAttribute('href');
  const statement = await page.request.get(table ?? '');
  expect(statement.headers()['content-type']).toContain('text/csv');
  expect(await statement.text()).toContain('capture');
  const paper = await history.getByRole('link', { name: t.payments.statementPdf }).getAttribute('href');
  expect((await page.request.get(paper ?? '')).headers()['content-type']).toBe('application/pdf');
  await history.getByRole('listitem').first().getByRole('link').click();
  for (const [name, type] of [[t.payments.receipt, 'text/html'], [t.payments.receiptPdf, 'application/pdf']] as const) {
    const sheet = await page.getByRole('link', { name, exact: true }).getAttribute('href');
    const answer = await page.request.get(sheet ?? '');
    expect([answer.status(), answer.headers()['content-type']?.split(';')[0]]).toEqual([200, type]);
  }
});

test('a refusal says what helps, and another card pays', async ({ page, person, t }) => {
  const payer = new Payer(page, person, t);
  await person.signUp(page);
  await payer.addCard();
  await payer.owe();
  await page.goto('/billing/pay');
  await page.getByLabel(t.pay.withNew).check();
  await page.getByRole('button', { name: t.pay.begin, exact: true }).click();
  const form = page.getByRole('region', { name: t.pay.enter });
  await payer.enter(cards.refused);
  await form.getByRole('button').click();
  await expect(page.getByText(t.declines.retry_later)).toBeVisible();
  await payer.enter(cards.good);
  await form.getByRole('button').click();
  await expect(page.getByText(t.paymentStatus.succeeded.text)).toBeVisible();
});

test('a payment that was left waits on the page about money, is gone on with, and called off', async ({ page, person, t }) => {
  const payer = new Payer(page, person, t);
  await person.signUp(page);
  await payer.addCard();
  await payer.owe();
  await page.goto('/billing/pay');
  await page.getByLabel(t.pay.withNew).check();
  await page.getByRole('button', { name: t.pay.begin, exact: true }).click();
  await expect(page.getByRole('region', { name: t.pay.enter }).getByRole('button')).toBeVisible();
  await page.goto('/billing');
  const open = page.getByRole('region', { name: t.payments.openTitle });
  await open.getByRole('link', { name: t.payments.goOn }).click();
  await expect(page.getByRole('region', { name: t.pay.enter }).getByRole('button')).toBeVisible();
  await page.goto('/billing');
  await open.getByRole('button', { name: t.payments.callOff }).click();
  await page.getByRole('dialog').getByRole('button', { name: t.payments.callOff }).click();
  await expect(open).toHaveCount(0);
  const history = page.getByRole('region', { name: t.payments.title });
  await expect(history.getByRole('listitem').first()).toContainText(t.paymentStatus.canceled.name);
});

test('a bank account is debited, and the bank returns the debit days later', async ({ page, person, t, request }) => {
  const payer = new Payer(page, person, t);
  await person.signUp(page);
  await payer.addCard();
  await payer.owe();
  await page.goto('/billing/pay');
  await page.getByLabel(t.pay.withNew).check();
  await page.getByRole('button', { name: t.pay.begin, exact: true }).click();
  await payer.enterAccount('000111111113');
  await page.getByRole('region', { name: t.pay.enter }).getByRole('button').click();
  await expect(page.getByText(t.paymentStatus.processing.text)).toBeVisible();
  await request.post(`${stripe}/simulated/advance`, { form: { days: '5' } });
  await page.getByRole('link', { name: t.pay.toBilling }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(t.declines.other_method)).toBeVisible({ timeout: 1500 });
  }).toPass();
  await expect(page.getByRole('heading', { level: 2 }).getByText(t.paymentStatus.failed.name)).toBeVisible();
  await expect(page.getByRole('link', { name: t.payments.goOn })).toHaveCount(0);
});

test('a method whose vendor was away goes on under the same key', async ({ page, person, t }) => {
  await person.signUp(page);
  const keys: (string | undefined)[] = [];
  await page.route('**/api/billing/payment-methods/setups', async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length > 1) return route.continue();
    const body = { code: 'payment-vendor-unavailable', title: 'Service Unavailable', status: 503, detail: 'The vendor is away.' };
    return route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(body) });
  });
  await page.goto('/billing/add-method');
  const begin = page.getByRole('button', { name: t.methods.begin });
  await begin.click();
  await expect(page.getByRole('alert')).toBeVisible();
  await begin.click();
  await person.confirmWithPassword(page, page.getByRole('button', { name: t.methods.store }));
  await expect(page.getByRole('button', { name: t.methods.store })).toBeVisible();
  expect(keys.length).toBeGreaterThan(1);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toBeTruthy();
});

test('methods are put in order, chosen and removed', async ({ page, person, t }) => {
  const payer = new Payer(page, person, t);
  await person.signUp(page);
  await payer.addCard();
  await payer.addCard('5555555555554444');
  await page.goto('/billing');
  const rows = page.getByRole('region', { name: t.methods.title }).getByRole('listitem');
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText('4242');
  await rows.nth(1).getByRole('button', { name: /Move .* up/ }).click();
  await expect(rows.first()).toContainText('4444');
  await rows.first().getByRole('button', { name: /the default/ }).click();
  await expect(rows.first().getByText(t.methods.standard)).toBeVisible();
  await rows.first().getByRole('button', { name: /Remove/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: t.common.remove }).click();
  await expect(rows).toHaveCount(1);
  await expect(rows.first().getByText(t.methods.standard)).toBeVisible();
});

test('no other page of the panel runs what the vendor sends', async ({ page, person, t }) => {
  await person.signUp(page);
  const documents: string[] = [];
  page.on('request', (asked) => {
    if (asked.isNavigationRequest() && asked.frame() === page.mainFrame()) documents.push(new URL(asked.url()).pathname);
  });
  await page.goto('/billing');
  await page.getByRole('link', { name: t.methods.add, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: t.methods.addTitle })).toBeVisible();
  await page.getByRole('link', { name: t.pages.sessions }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: t.pages.sessions })).toBeVisible();
  expect(documents).toEqual(['/billing', '/billing/add-method', '/sessions']);
  const refused = await page.evaluate(
    (address) =>
      new Promise<boolean>((resolve) => {
        const script = document.createElement('script');
        script.src = address;
        script.onload = () => resolve(false);
        script.onerror = () => resolve(true);
        document.head.append(script);
      }),
    `${stripe}/v3/`,
  );
  expect(refused).toBe(true);
});
