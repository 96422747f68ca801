// A forgotten password: by code, by link, with a factor on top, and what an unknown address sees.
import type { Page } from '@playwright/test';
import { expect, test, type Person } from './person';

const notice = 'Your new password is set. Sign in with it.';

async function ask(page: Page, email: string): Promise<void> {
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByLabel('E-mail address').fill(email);
  await page.getByRole('button', { name: 'Send the mail' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Check your mail' })).toBeVisible();
}

async function enterCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Code from the e-mail').fill(code);
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function setPassword(page: Page, person: Person): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: 'Set a new password' })).toBeVisible();
  person.password = `${person.password} and a harbour`;
  await page.getByLabel('New password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Set password' }).click();
  await expect(page.getByText(notice)).toBeVisible();
}

/** Signs up, proves the address and signs out. */
async function proven(page: Page, person: Person): Promise<void> {
  await person.signUp(page);
  await page.getByRole('button', { name: 'Enter code' }).click();
  const dialog = page.getByRole('dialog', { name: 'Verify your e-mail' });
  await dialog.getByLabel('Code from the e-mail').fill(await person.mailbox(person.email).code());
  await dialog.getByRole('button', { name: 'Verify e-mail' }).click();
  await expect(dialog).toBeHidden();
}

test('the code from the mail sets a new password, and a reload goes on', async ({ page, person }) => {
  const mailbox = person.mailbox(person.email);
  await person.signUp(page);
  await mailbox.code();
  await person.signOut(page);
  await ask(page, person.email);
  await page.reload();
  await enterCode(page, '000000');
  await expect(page.getByRole('alert')).not.toBeEmpty();
  await enterCode(page, await mailbox.code());
  await expect(page.getByRole('heading', { level: 1, name: 'Set a new password' })).toBeVisible();
  await page.reload();
  await setPassword(page, person);
  await person.enterPassword(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();
});

test('the link opens on another device, and only once', async ({ page, person, browser }) => {
  const mailbox = person.mailbox(person.email);
  await person.signUp(page);
  await mailbox.code();
  await person.signOut(page);
  await ask(page, person.email);
  const link = await mailbox.link();
  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(link);
  await setPassword(other, person);
  await context.close();
  await page.goto(link);
  await expect(page.getByRole('heading', { level: 1, name: 'This page is over' })).toBeVisible();
});

test('an enrolled app is asked for on top, and a recovery code is another way', async ({ page, person }) => {
  const mailbox = person.mailbox(person.email);
  await proven(page, person);
  const { app, recoveryCodes } = await person.addAuthenticator(page);
  await page.goto('/');
  await person.signOut(page);
  await ask(page, person.email);
  await mailbox.code().then((code) => enterCode(page, code));
  await expect(page.getByRole('heading', { level: 1, name: 'One more step' })).toBeVisible();
  await page.reload();
  await page.getByRole('button', { name: 'Use a recovery code instead' }).click();
  await page.getByLabel('Recovery code').fill(recoveryCodes[0] ?? '');
  await page.getByRole('button', { name: 'Continue' }).click();
  await setPassword(page, person);
  await person.enterPassword(page);
  await page.getByLabel('Code from your authenticator app').fill(await app.next());
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();
});

test('an address without an account sees the same pages', async ({ page, person }) => {
  await ask(page, person.email);
  await enterCode(page, '123456');
  await expect(page.getByRole('alert')).not.toBeEmpty();
  await page.goto('/reset-password');
  await page.getByRole('link', { name: 'Ask for a new mail' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Forgot your password?' })).toBeVisible();
});
