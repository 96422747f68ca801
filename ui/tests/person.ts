// A new person for every test: their account, and what they do again and again in the panel.
import { randomBytes, randomInt } from 'node:crypto';
import { expect, test as base, type APIRequestContext, type Locator, type Page } from '@playwright/test';
import { messages as de } from '../src/i18n/messages/de';
import { en, type Messages } from '../src/i18n/messages/en';
import { Authenticator } from './authenticator';
import { Mailbox } from './mailbox';

export class Person {
  readonly email: string;
  readonly secondEmail = `second-${randomBytes(6).toString('hex')}@example.com`;
  readonly phone = `+49151${randomInt(10_000_000, 99_999_999)}`;
  password = `quiet lantern ${randomBytes(6).toString('hex')}`;
  readonly #request: APIRequestContext;
  readonly #t: Messages;

  constructor(request: APIRequestContext, t: Messages = en, email = `person-${randomBytes(6).toString('hex')}@example.com`) {
    this.email = email;
    this.#request = request;
    this.#t = t;
  }

  mailbox(to: string): Mailbox {
    return new Mailbox(this.#request, to);
  }

  async signUp(page: Page): Promise<void> {
    await page.goto('/sign-up');
    await page.getByLabel(this.#t.fields.email).fill(this.email);
    await page.getByLabel(this.#t.fields.password, { exact: true }).fill(this.password);
    await page.getByRole('button', { name: this.#t.signUp.submit }).click();
    await expect(page.getByRole('heading', { level: 1, name: this.#t.overview.title })).toBeVisible();
  }

  async enterPassword(page: Page): Promise<void> {
    await page.goto('/sign-in');
    await page.getByLabel(this.#t.fields.email).fill(this.email);
    await page.getByLabel(this.#t.fields.password, { exact: true }).fill(this.password);
    await page.getByRole('button', { name: this.#t.signIn.submit, exact: true }).click();
  }

  async signOut(page: Page): Promise<void> {
    await page.getByRole('button', { name: this.#t.frame.signOut, exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name: this.#t.signIn.title })).toBeVisible();
  }

  /** Answers the step-up dialog with the password if it appears before what is waited for. */
  async confirmWithPassword(page: Page, then: Locator): Promise<void> {
    const dialog = stepUpDialog(page, this.#t);
    await expect(dialog.or(then).first()).toBeVisible();
    if (!(await dialog.isVisible())) return;
    await dialog.getByLabel(this.#t.fields.password, { exact: true }).fill(this.password);
    await dialog.getByRole('button', { name: this.#t.common.confirm }).click();
    await expect(dialog).toBeHidden();
    await expect(then).toBeVisible();
  }

  /** Adds the first authenticator app; returns it with the recovery codes that were shown. */
  async addAuthenticator(page: Page): Promise<{ app: Authenticator; recoveryCodes: string[] }> {
    const app = await this.beginAuthenticator(page);
    await page.getByLabel(this.#t.authenticators.code).fill(await app.next());
    await page.getByRole('button', { name: this.#t.authenticators.turnOn }).click();
    const recoveryCodes = await saveRecoveryCodes(page, this.#t);
    await expect(page.getByRole('listitem').filter({ hasText: 'My phone' })).toBeVisible();
    return { app, recoveryCodes };
  }

  async beginAuthenticator(page: Page): Promise<Authenticator> {
    await page.goto('/authenticators');
    await page.getByRole('button', { name: this.#t.authenticators.add }).click();
    await page.getByLabel(this.#t.fields.name).fill('My phone');
    await page.getByRole('button', { name: this.#t.common.continue }).click();
    const secret = page.getByTestId('secret');
    await this.confirmWithPassword(page, secret);
    return new Authenticator(await secret.innerText());
  }
}

export const stepUpDialog = (page: Page, t: Messages = en): Locator => page.getByRole('dialog', { name: t.stepUp.title });

/** Reads the recovery codes off the screen and says that they are saved. */
export async function saveRecoveryCodes(page: Page, t: Messages = en): Promise<string[]> {
  const dialog = page.getByRole('dialog', { name: t.recoveryCodes.saveTitle });
  await expect(dialog.getByRole('listitem')).toHaveCount(10);
  const codes = await dialog.getByRole('listitem').allInnerTexts();
  await dialog.getByLabel(t.recoveryCodes.saved).check();
  await dialog.getByRole('button', { name: t.common.done }).click();
  await expect(dialog).toBeHidden();
  return codes;
}

/** The languages in which the main paths are walked, as a browser asks for them. */
export const locales = ['en-GB', 'de-DE'] as const;

export const test = base.extend<{ person: Person; t: Messages }>({
  /** What the panel says in the language of the browser. */
  t: async ({ locale }, use) => {
    await use(locale?.startsWith('de') ? de : en);
  },
  person: async ({ request, t }, use) => {
    await use(new Person(request, t));
  },
});

export { expect };
