// Browsers that are trusted, and browsers that are known: what a sign-in asks for, and who is let in past strangers' guesses.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test, type Person } from './person';

const account = (page: Page) => page.getByRole('heading', { level: 1, name: 'Your account' });
const secondStep = (page: Page) => page.getByRole('heading', { level: 1, name: 'One more step' });

/** No axe violation, and nothing cut off at 360 pixels. */
async function forEveryone(page: Page): Promise<void> {
  const usual = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  if (usual) await page.setViewportSize(usual);
}

async function enter(page: Page, person: Person): Promise<void> {
  await page.goto('/');
  await person.signOut(page);
  await person.enterPassword(page);
}

test('a trusted browser signs in with the password alone until it is not trusted any more', async ({ page, person }) => {
  test.slow();
  await person.signUp(page);
  const { app } = await person.addAuthenticator(page);
  await enter(page, person);
  await forEveryone(page);
  await page.getByLabel('Code from your authenticator app').fill(await app.next());
  await page.getByLabel('Trust this device for 30 days').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(account(page)).toBeVisible();

  await enter(page, person);
  await expect(account(page)).toBeVisible();

  await page.goto('/sessions');
  const trusted = page.getByRole('region', { name: 'Trusted devices' });
  await expect(trusted.getByRole('listitem')).toHaveCount(1);
  await expect(trusted.getByText('This device')).toBeVisible();
  await forEveryone(page);
  await trusted.getByRole('button', { name: /^Stop trusting/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Stop trusting', exact: true }).click();
  await expect(trusted).toBeHidden();

  await enter(page, person);
  await expect(secondStep(page)).toBeVisible();
});

test('a list of trusted devices that cannot be read says so and can be tried again', async ({ page, person }) => {
  await person.signUp(page);
  await page.route('**/ui/known-devices', (route) => route.abort());
  await page.goto('/sessions');
  const trusted = page.getByRole('region', { name: 'Trusted devices' });
  await expect(trusted.getByRole('alert')).toHaveText(/could not reach the server/);
  await page.unroute('**/ui/known-devices');
  await trusted.getByRole('button', { name: 'Try again' }).click();
  await expect(trusted).toBeHidden();
});

test('a code from a mail lets its owner in past the guesses of strangers', async ({ page, person, browser, request }) => {
  const mailbox = person.mailbox(person.email);
  await person.signUp(page);
  await mailbox.code();
  for (let guess = 0; guess < 8; guess++) {
    await request.post('/auth/sign-in', { data: { email: person.email, password: 'not the password' } });
  }
  await enter(page, person);
  await expect(account(page)).toBeVisible();
  for (let guess = 0; guess < 8; guess++) {
    await request.post('/auth/sign-in', { data: { email: person.email, password: 'not the password' } });
  }

  const context = await browser.newContext();
  const other = await context.newPage();
  await person.enterPassword(other);
  await expect(other.getByRole('alert')).toContainText('code from the mail');
  await other.getByRole('link', { name: 'Forgot your password?' }).click();
  await other.getByLabel('E-mail address').fill(person.email);
  await other.getByRole('button', { name: 'Send the mail' }).click();
  await other.getByLabel('Code from the e-mail').fill(await mailbox.code());
  await other.getByRole('button', { name: 'Continue' }).click();
  await other.getByRole('link', { name: 'Sign in with it' }).click();
  await other.getByLabel('E-mail address').fill(person.email);
  await other.getByLabel('Password', { exact: true }).fill(person.password);
  await other.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(account(other)).toBeVisible();
  await context.close();
});
