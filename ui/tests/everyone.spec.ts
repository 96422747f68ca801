// Every page for everyone: no axe violations in light and dark, nothing cut off at 360 pixels.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import type { Messages } from '../src/i18n/messages/en';
import { expect, locales, test, type Person } from './person';

const publicPages = (t: Messages) => ({
  '/sign-in': t.signIn.title,
  '/sign-up': t.signUp.title,
  '/forgot-password': t.forgotPassword.title,
});
const pages = (t: Messages) => ({
  '/': t.overview.title,
  '/authenticators': t.pages.authenticators,
  '/phones': t.pages.phones,
  '/emails': t.pages.emails,
  '/recovery-codes': t.pages.recoveryCodes,
  '/sessions': t.pages.sessions,
  '/password': t.password.title,
});

async function open(page: Page, path: string, heading: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
  await expect(page.locator('main').getByText('…')).toHaveCount(0);
}

async function expectAccessible(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
  expect(found, what).toEqual([]);
}

async function expectFits(page: Page, what: string): Promise<void> {
  const wide = await page.evaluate(() => ({
    page: document.documentElement.scrollWidth - innerWidth,
    dialogs: [...document.querySelectorAll('dialog')].map((dialog) => dialog.scrollWidth - dialog.clientWidth),
  }));
  expect(wide.page, what).toBeLessThanOrEqual(0);
  expect(Math.max(0, ...wide.dialogs), what).toBe(0);
}

/** The pages of a forgotten password, one after the other, for somebody who has an account. */
async function recoveryPages(page: Page, person: Person, t: Messages, look: (what: string) => Promise<void>): Promise<void> {
  const mailbox = person.mailbox(person.email);
  await mailbox.code();
  await page.context().clearCookies();
  await open(page, '/reset-password', t.resetPassword.overTitle);
  await look('/reset-password without a recovery');
  await page.goto('/forgot-password');
  await page.getByLabel(t.fields.email).fill(person.email);
  await page.getByRole('button', { name: t.forgotPassword.submit }).click();
  await expect(page.getByRole('heading', { level: 1, name: t.resetPassword.codeTitle })).toBeVisible();
  await page.getByRole('button', { name: t.common.continue }).click();
  await look('/reset-password with a missing code');
  await page.getByLabel(t.factors.email.code).fill(await mailbox.code());
  await page.getByRole('button', { name: t.common.continue }).click();
  await expect(page.getByRole('heading', { level: 1, name: t.resetPassword.title })).toBeVisible();
  await page.getByRole('button', { name: t.resetPassword.submit }).click();
  await look('/reset-password with a missing password');
}

/** Colours do not depend on the language. */
const schemes = { 'en-GB': ['light', 'dark'], 'de-DE': ['light'] } as const;

for (const locale of locales) {
  test.describe(locale, () => {
    test.use({ locale });

    for (const colorScheme of schemes[locale]) {
      test(`no page has an axe violation in the ${colorScheme} theme`, async ({ browser, person, t }) => {
        test.slow();
        const context = await browser.newContext({ colorScheme, reducedMotion: 'reduce' });
        const page = await context.newPage();
        for (const [path, heading] of Object.entries(publicPages(t))) {
          await open(page, path, heading);
          await page.locator('button[type=submit]').click();
          await expectAccessible(page, `${path} with mistakes`);
        }
        await person.signUp(page);
        for (const [path, heading] of Object.entries(pages(t))) {
          await open(page, path, heading);
          await expectAccessible(page, path);
        }
        const app = await person.beginAuthenticator(page);
        await expectAccessible(page, 'adding an app');
        await page.getByLabel(t.authenticators.code).fill(await app.next());
        await page.getByRole('button', { name: t.authenticators.turnOn }).click();
        await expect(page.getByRole('dialog', { name: t.recoveryCodes.saveTitle })).toBeVisible();
        await expectAccessible(page, 'recovery codes');
        for (const path of ['/', '/authenticators', '/recovery-codes'] as const) {
          await open(page, path, pages(t)[path]);
          await expectAccessible(page, `${path} with an app`);
        }
        await recoveryPages(page, person, t, (what) => expectAccessible(page, what));
        await context.close();
      });
    }

    test('nothing is cut off on a phone of 360 pixels', async ({ browser, person, t }) => {
      const context = await browser.newContext({ viewport: { width: 360, height: 740 }, reducedMotion: 'reduce' });
      const page = await context.newPage();
      for (const [path, heading] of Object.entries(publicPages(t))) {
        await open(page, path, heading);
        await expectFits(page, path);
      }
      await person.signUp(page);
      await person.beginAuthenticator(page);
      await expectFits(page, 'adding an app');
      for (const [path, heading] of Object.entries(pages(t))) {
        await open(page, path, heading);
        await expectFits(page, path);
      }
      await page.getByRole('button', { name: t.frame.more, exact: true }).click();
      await expectFits(page, 'the sheet of further pages');
      await page.getByRole('link', { name: t.pages.phones }).click();
      await expect(page.getByRole('heading', { level: 1, name: t.pages.phones })).toBeFocused();
      await recoveryPages(page, person, t, (what) => expectFits(page, what));
      await context.close();
    });
  });
}

test('an unknown address says so and leads back', async ({ page, person }) => {
  await person.signUp(page);
  await page.goto('/no-such-page');
  await expect(page.getByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible();
  await page.getByRole('link', { name: 'Go to the overview' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Your account' })).toBeFocused();
});

test('the chosen theme stays after a reload', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Use dark theme' }).click();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Use light theme' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
