// Somebody who looks after the service: from an account to the role, and the proofs that are asked for on the way.
import { expect, type Browser, type Locator, type Page, type PlaywrightWorkerArgs } from '@playwright/test';
import { en } from '../src/i18n/messages/en';
import type { Authenticator } from './authenticator';
import { Person, stepUpDialog } from './person';

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

  /** The same in a browser of its own, for a file of tests that share the operator. */
  static async arriveAlone(browser: Browser, { request }: PlaywrightWorkerArgs['playwright'], baseURL: string | undefined, address: string) {
    const url = baseURL ? { baseURL } : {};
    const context = await browser.newContext({ locale: 'en-GB', ...url });
    return Operator.arrive(await context.newPage(), new Person(await request.newContext(url), en, address));
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
