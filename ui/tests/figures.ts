// What operators read of the business: the page with its plots, and the same as a table.
import { expect, type Browser } from '@playwright/test';
import { messages as de } from '../src/i18n/messages/de';
import { en } from '../src/i18n/messages/en';
import { money } from './amounts';
import { forEveryone } from './everyone';
import type { Operator } from './operator';

/** Walks the page. Something was paid in dollars this month. */
export async function readFigures(operator: Operator, browser: Browser): Promise<void> {
  const { page } = operator;
  await page.unrouteAll({ behavior: 'wait' });
  await operator.open(en.pages.figures);
  const dollars = page.getByRole('region', { name: 'USD', exact: true });
  await operator.prove(dollars);
  for (const name of [en.figures.money, en.figures.payments, en.figures.disputes, en.figures.subscriptions]) {
    await expect(dollars.getByRole('img', { name })).toBeVisible();
  }
  const table = dollars.getByRole('table');
  await expect(table).toBeHidden();
  await dollars.getByText(en.figures.table, { exact: true }).click();
  const today = new Date().getUTCDate();
  await expect(table.getByRole('row')).toHaveCount(today + 2);
  const all = table.getByRole('row').last();
  await expect(all.getByRole('rowheader')).toHaveText(en.figures.all);
  await expect(all.getByRole('cell').first()).not.toHaveText(money(0));
  await forEveryone(page);

  await page.getByLabel(en.figures.span, { exact: true }).selectOption('year');
  await dollars.getByText(en.figures.table, { exact: true }).click();
  await expect(table.getByRole('row')).toHaveCount(12 + 2);
  await page.getByLabel(en.figures.span, { exact: true }).selectOption('own');
  await page.getByLabel(en.figures.from).fill('2026-11-02');
  await page.getByLabel(en.figures.to).fill('2026-11-01');
  await expect(page.getByRole('alert')).toBeVisible();
  await forEveryone(page);

  const german = await browser.newContext({ locale: 'de-DE', storageState: await page.context().storageState() });
  const other = await german.newPage();
  await other.goto('/figures');
  await expect(other.getByRole('region', { name: 'USD', exact: true }).getByRole('img', { name: de.figures.money })).toBeVisible();
  await forEveryone(other);
  await german.close();

  await page.route('**/api/operator/billing/figures*', async (route) => {
    const read = (await (await route.fetch()).json()) as object;
    await route.fulfill({ json: { ...read, currencies: [] } });
  });
  await page.getByLabel(en.figures.span, { exact: true }).selectOption('lastMonth');
  await expect(page.getByRole('heading', { name: en.figures.emptyTitle })).toBeVisible();
  await forEveryone(page);
}
