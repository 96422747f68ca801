// A new person for every test: their account, and what they do again and again in the panel.
import { randomBytes, randomInt } from 'node:crypto';
import { expect, test as base, type APIRequestContext, type Locator, type Page } from '@playwright/test';
import { Authenticator } from './authenticator';
import { Mailbox } from './mailbox';

export class Person {
  readonly email = `person-${randomBytes(6).toString('hex')}@example.com`;
  readonly secondEmail = `second-${randomBytes(6).toString('hex')}@example.com`;
  readonly phone = `+49151${randomInt(10_000_000, 99_999_999)}`;
  password = `quiet lantern ${randomBytes(6).toString('hex')}`;
  readonly #request: APIRequestContext;

  constructor(request: APIRequestContext) {
    this.#request = request;
  }

  mailbox(to: string): Mailbox {
    return new Mailbox(this.#request, to);
  }

  async signUp(page: Page): Promise<void> {
    await page.goto('/sign-up');
    await page.getByLabel('E-mail address').fill(this.email);
    await page.getByLabel('Password', { exact: true }).fill(this.password);
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();
  }

  async enterPassword(page: Page): Promise<void> {
    await page.goto('/sign-in');
    await page.getByLabel('E-mail address').fill(this.email);
    await page.getByLabel('Password', { exact: true }).fill(this.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  async signOut(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  }

  /** Answers the step-up dialog with the password if it appears before what is waited for. */
  async confirmWithPassword(page: Page, then: Locator): Promise<void> {
    const dialog = stepUpDialog(page);
    await expect(dialog.or(then).first()).toBeVisible();
    if (!(await dialog.isVisible())) return;
    await dialog.getByLabel('Password', { exact: true }).fill(this.password);
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await expect(dialog).toBeHidden();
    await expect(then).toBeVisible();
  }

  /** Adds the first authenticator app; returns it with the recovery codes that were shown. */
  async addAuthenticator(page: Page): Promise<{ app: Authenticator; recoveryCodes: string[] }> {
    const app = await this.beginAuthenticator(page);
    await page.getByLabel('Code from the app').fill(await app.next());
    await page.getByRole('button', { name: 'Turn it on' }).click();
    const recoveryCodes = await saveRecoveryCodes(page);
    await expect(page.getByRole('listitem').filter({ hasText: 'My phone' })).toBeVisible();
    return { app, recoveryCodes };
  }

  async beginAuthenticator(page: Page): Promise<Authenticator> {
    await page.goto('/authenticators');
    await page.getByRole('button', { name: 'Add authenticator app' }).click();
    await page.getByLabel('Name').fill('My phone');
    await page.getByRole('button', { name: 'Continue' }).click();
    const secret = page.getByTestId('secret');
    await this.confirmWithPassword(page, secret);
    return new Authenticator(await secret.innerText());
  }
}

export const stepUpDialog = (page: Page): Locator => page.getByRole('dialog', { name: 'Please confirm it’s you' });

/** Reads the recovery codes off the screen and says that they are saved. */
export async function saveRecoveryCodes(page: Page): Promise<string[]> {
  const dialog = page.getByRole('dialog', { name: 'Save your recovery codes' });
  await expect(dialog.getByRole('listitem')).toHaveCount(10);
  const codes = await dialog.getByRole('listitem').allInnerTexts();
  await dialog.getByLabel('I have saved these codes').check();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(dialog).toBeHidden();
  return codes;
}

export const test = base.extend<{ person: Person }>({
  person: async ({ request }, use) => {
    await use(new Person(request));
  },
});

export { expect };
