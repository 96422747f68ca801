// Somebody who looks after the service: from an account to the role, and the proofs that are asked for on the way.
import { expect, type Locator, type Page } from '@playwright/test';
import { en } from '../src/i18n/messages/en';
import type { Authenticator } from './authenticator';
import { stepUpDialog, type Person } from './person';

export class Operator {
  readonly page: Page;
  readonly #app: Authenticator;

  private constructor(page: Page, app: Authenticator) {
    this.page = page;
    this.#app = app;
  }

  /** Signs up under the address that the server waits for. */
  static async arrive(page: Page, person: Person): Promise<Operator> {
    await person.signUp(page);
    await page.getByRole('button', { name: en.overview.enterCode }).click();
    const dialog = page.getByRole('dialog', { name: en.verifyEmail.dialogTitle });
    await dialog.getByLabel(en.factors.email.code).fill(await person.mailbox(person.email).code());
    await dialog.getByRole('button', { name: en.verifyEmail.submit }).click();
    await expect(page.getByText(en.overview.verified, { exact: true })).toBeVisible();
    await expect(async () => {
      await page.reload();
      await expect(page.getByRole('navigation', { name: en.frame.operator })).toBeVisible({ timeout: 2000 });
    }).toPass();
    const { app } = await person.addAuthenticator(page);
    return new Operator(page, app);
  }

  /** Opens a page for operators. */
  async open(name: string): Promise<void> {
    await this.page.goto('/');
    await this.page.getByRole('navigation', { name: en.frame.operator }).getByRole('link', { name, exact: true }).click();
    await expect(this.page.getByRole('heading', { level: 1, name })).toBeVisible();
  }

  /** Answers the question for a proof if it comes before what is waited for. */
  async prove(then: Locator): Promise<void> {
    const question = stepUpDialog(this.page);
    await expect(question.or(then).first()).toBeVisible();
    if (await question.isVisible()) {
      await question.getByLabel(en.factors.totp.code).fill(await this.#app.next());
      await question.getByRole('button', { name: en.common.confirm }).click();
    }
    await expect(then.first()).toBeVisible();
  }
}
