// What is owed is collected by itself, at the simulated Stripe of `portcullis dev`.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { Payer, stripe } from './payer';
import { expect, locales, test } from './person';

test.skip(stripe === '', 'PORTCULLIS_STRIPE names no simulated Stripe');
test.slow();

/** No axe violation in either theme, and nothing cut off at 360 pixels. */
async function forEveryone(page: Page): Promise<void> {
  const usual = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([]);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  if (usual) await page.setViewportSize(usual);
}

for (const locale of locales) {
  test.describe(locale, () => {
    test.use({ locale });

    test('it is turned on within bounds, collects what is owed, and is turned off', async ({ page, person, t }) => {
      const payer = new Payer(page, person, t);
      await person.signUp(page);
      await page.goto('/billing/autopay');
      await expect(page.getByText(t.autopay.none)).toBeVisible();
      await payer.addCard();
      const owed = await payer.owe();
      await page.goto('/billing');
      await page.getByRole('link', { name: t.autopay.link, exact: true }).click();
      await expect(page.getByRole('heading', { level: 1, name: t.pages.autopay })).toBeVisible();
      const form = page.getByRole('form', { name: t.pages.autopay });
      const save = form.getByRole('button', { name: t.autopay.save });
      await form.getByRole('switch').check();
      await form.getByLabel(t.autopay.trigger).selectOption('day');
      await form.getByLabel(t.autopay.day).fill('32');
      await form.getByLabel(t.autopay.monthCeiling).fill('much');
      await save.click();
      await expect(form.getByText(t.autopay.dayWrong)).toBeVisible();
      await expect(form.getByText(t.autopay.amountWrong)).toBeVisible();
      await forEveryone(page);

      await form.getByLabel(t.autopay.trigger).selectOption('due');
      await form.getByLabel(t.autopay.paymentCeiling).fill('10000');
      await form.getByLabel(t.autopay.monthCeiling).fill('20000');
      await save.click();
      await person.confirmWithPassword(page, page.getByText(t.autopay.saved));
      const state = page.getByRole('region', { name: t.autopay.state });
      await expect(async () => {
        await page.reload();
        await expect(state.getByRole('link', { name: t.payments.number })).toBeVisible({ timeout: 1500 });
      }).toPass();
      await expect(form.getByRole('switch')).toBeChecked();
      await forEveryone(page);
      const { rules } = (await (await page.request.get('/api/billing/autopay')).json()) as {
        rules: { last: { result: string; amount: number }; payment_ceiling: number; month_taken: number }[];
      };
      expect(rules).toHaveLength(1);
      expect(rules[0]).toMatchObject({ last: { result: 'succeeded', amount: owed }, payment_ceiling: 1_000_000, month_taken: owed });
      await page.goto('/billing');
      await expect(page.getByText(t.billing.settled)).toBeVisible();
      const paper = await page.getByRole('link', { name: t.payments.statementPdf }).getAttribute('href');
      const statement = await page.request.get(paper ?? '');
      expect(statement.headers()['content-type']).toBe('application/pdf');

      await page.goto('/billing/autopay');
      await form.getByRole('switch').uncheck();
      await save.click();
      await expect(page.getByText(t.autopay.turnedOff)).toBeVisible();
      await expect(state.getByText(t.autopay.isOff, { exact: true })).toBeVisible();
    });
  });
}
