// Every page for everyone: no axe violations in light and dark, nothing cut off at 360 pixels.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test, type Person } from './person';

const publicPages = {
  '/sign-in': 'Sign in',
  '/sign-up': 'Create an account',
  '/forgot-password': 'Forgot your password?',
};
const pages = {
  '/': 'Your account',
  '/authenticators': 'Authenticator apps',
  '/phones': 'Phone numbers',
  '/emails': 'E-mail addresses',
  '/recovery-codes': 'Recovery codes',
  '/sessions': 'Sessions',
  '/password': 'Change password',
};

async function open(page: Page, path: string, heading: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
  await expect(page.getByText('Loading…')).toHaveCount(0);
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
async function recoveryPages(page: Page, person: Person, look: (what: string) => Promise<void>): Promise<void> {
  const mailbox = person.mailbox(person.email);
  await mailbox.code();
  await page.context().clearCookies();
  await open(page, '/reset-password', 'This page is over');
  await look('/reset-password without a recovery');
  await page.goto('/forgot-password');
  await page.getByLabel('E-mail address').fill(person.email);
  await page.getByRole('button', { name: 'Send the mail' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Check your mail' })).toBeVisible();
  await page.getByRole('button', { name: 'Continue' }).click();
  await look('/reset-password with a missing code');
  await page.getByLabel('Code from the e-mail').fill(await mailbox.code());
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Set a new password' })).toBeVisible();
  await page.getByRole('button', { name: 'Set password' }).click();
  await look('/reset-password with a missing password');
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no page has an axe violation in the ${colorScheme} theme`, async ({ browser, person }) => {
    test.slow();
    const context = await browser.newContext({ colorScheme, reducedMotion: 'reduce' });
    const page = await context.newPage();
    for (const [path, heading] of Object.entries(publicPages)) {
      await open(page, path, heading);
      await page.locator('button[type=submit]').click();
      await expectAccessible(page, `${path} with mistakes`);
    }
    await person.signUp(page);
    for (const [path, heading] of Object.entries(pages)) {
      await open(page, path, heading);
      await expectAccessible(page, path);
    }
    const app = await person.beginAuthenticator(page);
    await expectAccessible(page, 'adding an app');
    await page.getByLabel('Code from the app').fill(await app.next());
    await page.getByRole('button', { name: 'Turn it on' }).click();
    await expect(page.getByRole('dialog', { name: 'Save your recovery codes' })).toBeVisible();
    await expectAccessible(page, 'recovery codes');
    for (const path of ['/', '/authenticators', '/recovery-codes'] as const) {
      await open(page, path, pages[path]);
      await expectAccessible(page, `${path} with an app`);
    }
    await recoveryPages(page, person, (what) => expectAccessible(page, what));
    await context.close();
  });
}

test('nothing is cut off on a phone of 360 pixels', async ({ browser, person }) => {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  for (const [path, heading] of Object.entries(publicPages)) {
    await open(page, path, heading);
    await expectFits(page, path);
  }
  await person.signUp(page);
  await person.beginAuthenticator(page);
  await expectFits(page, 'adding an app');
  for (const [path, heading] of Object.entries(pages)) {
    await open(page, path, heading);
    await expectFits(page, path);
  }
  await page.getByRole('button', { name: 'More' }).click();
  await expectFits(page, 'the sheet of further pages');
  await page.getByRole('link', { name: 'Phone numbers' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Phone numbers' })).toBeFocused();
  await recoveryPages(page, person, (what) => expectFits(page, what));
  await context.close();
});

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
