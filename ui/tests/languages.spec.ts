// The languages of the panel: the main paths in each, and how one is chosen.
import { advise } from '../src/i18n/grammar';
import { messages as de } from '../src/i18n/messages/de';
import { expect, locales, saveRecoveryCodes, test } from './person';

for (const locale of locales) {
  test.describe(locale, () => {
    test.use({ locale });

    test('an account is made, protected, left and entered again', async ({ page, person, t }) => {
      test.slow();
      await person.signUp(page);
      await expect(page.locator('html')).toHaveAttribute('lang', locale.slice(0, 2));
      await expect(page.getByRole('heading', { name: t.standing.passwordOnly })).toBeVisible();

      await page.getByRole('button', { name: t.overview.enterCode }).click();
      const dialog = page.getByRole('dialog', { name: t.verifyEmail.dialogTitle });
      await dialog.getByLabel(t.factors.email.code).fill(await person.mailbox(person.email).code());
      await dialog.getByRole('button', { name: t.verifyEmail.submit }).click();
      await expect(page.getByText(t.overview.verified, { exact: true })).toBeVisible();

      const { app } = await person.addAuthenticator(page);
      await page.goto('/');
      await person.signOut(page);
      await expect(page.getByText(t.signIn.signedOut)).toBeVisible();
      await person.enterPassword(page);
      await page.getByLabel(t.factors.totp.code).fill(app.wrong());
      await page.getByRole('button', { name: t.common.continue }).click();
      await expect(page.getByRole('alert')).toHaveText(t.problems['wrong-code']);
      await page.getByLabel(t.factors.totp.code).fill(await app.next());
      await page.getByLabel(t.proof.trust(30)).check();
      await page.getByRole('button', { name: t.common.continue }).click();
      await expect(page.getByRole('heading', { level: 1, name: t.overview.title })).toBeVisible();

      await page.goto('/sessions');
      await expect(page.getByText(t.sessions.current)).toBeVisible();
      await expect(page.getByText(t.sessions.ended(1))).toBeVisible();
      await expect(page.getByRole('region', { name: t.trustedDevices.title }).getByText(t.trustedDevices.current)).toBeVisible();
    });

    test('a forgotten password is replaced', async ({ page, person, t }) => {
      const mailbox = person.mailbox(person.email);
      await person.signUp(page);
      await mailbox.code();
      await person.signOut(page);
      await page.getByRole('link', { name: t.signIn.forgot }).click();
      await page.getByLabel(t.fields.email).fill(person.email);
      await page.getByRole('button', { name: t.forgotPassword.submit }).click();
      await page.getByLabel(t.factors.email.code).fill(await mailbox.code());
      await page.getByRole('button', { name: t.common.continue }).click();
      person.password = `${person.password} and a harbour`;
      await page.getByLabel(t.fields.newPassword, { exact: true }).fill('passwordpassword');
      await page.getByRole('button', { name: t.resetPassword.submit }).click();
      const refused = 'This password is among the first that are tried: choose one that is longer or less common.';
      await expect(page.getByText(advise(t.advice['weak-password'], refused) ?? '')).toBeVisible();
      await page.getByLabel(t.fields.newPassword, { exact: true }).fill(person.password);
      await page.getByRole('button', { name: t.resetPassword.submit }).click();
      await expect(page.getByText(t.resetPassword.done)).toBeVisible();
      await person.enterPassword(page);
      await expect(page.getByRole('heading', { level: 1, name: t.overview.title })).toBeVisible();
    });

    test('the address for codes is added and its recovery codes are replaced', async ({ page, person, t }) => {
      await person.signUp(page);
      await page.goto('/emails');
      await page.getByRole('button', { name: t.addresses.email.add }).click();
      const dialog = page.getByRole('dialog', { name: t.addresses.email.addTitle });
      await dialog.getByRole('textbox', { name: t.fields.email }).fill(person.secondEmail);
      await dialog.getByRole('button', { name: t.sentCode.send }).click();
      const code = dialog.getByLabel(t.factors.email.code);
      await person.confirmWithPassword(page, code);
      await code.fill(await person.mailbox(person.secondEmail).code());
      await dialog.getByRole('button', { name: t.addresses.turnOn }).click();
      await saveRecoveryCodes(page, t);
      await page.goto('/recovery-codes');
      await page.getByRole('button', { name: t.recoveryCodes.createFor(t.factors.email.name) }).click();
      await page.getByRole('dialog').getByRole('button', { name: t.recoveryCodes.create }).click();
      await saveRecoveryCodes(page, t);
      await expect(page.getByText(t.recoveryCodes.left(10, 10))).toBeVisible();
    });
  });
}

test('whoever chooses a language keeps it, and what is typed already stays', async ({ page, t }) => {
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  await page.goto('/sign-in');
  await page.getByLabel(t.fields.email).fill('ada@example.com');
  expect(fetched.filter((path) => path.startsWith('/assets/de-'))).toEqual([]);
  await page.getByLabel(t.frame.language).selectOption('Deutsch');
  await expect(page.getByRole('heading', { level: 1, name: de.signIn.title })).toBeVisible();
  await expect(page).toHaveTitle(new RegExp(`^${de.signIn.title} · `));
  await expect(page.getByLabel(de.fields.email)).toHaveValue('ada@example.com');
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await expect(page.locator('html')).toHaveAttribute('dir', 'ltr');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: de.signIn.title })).toBeVisible();
});

test('a language that cannot be fetched changes nothing and says so', async ({ page, t }) => {
  await page.route('**/assets/de-*.js', (route) => route.abort());
  await page.goto('/sign-in');
  await page.getByLabel(t.frame.language).selectOption('Deutsch');
  await expect(page.getByText(t.frame.languageFailed)).toBeVisible();
  await expect(page.getByLabel(t.frame.language)).toHaveValue('en');
  await expect(page.getByRole('heading', { level: 1, name: t.signIn.title })).toBeVisible();
});

test('a problem that the catalogue does not know is told in the words of the server', async ({ page, person }) => {
  await page.route('**/auth/sign-in', (route) =>
    route.fulfill({
      status: 403,
      contentType: 'application/problem+json',
      body: JSON.stringify({ code: 'moon-too-full', status: 403, title: 'Refused', detail: 'The moon is too full.' }),
    }),
  );
  await person.enterPassword(page);
  await expect(page.getByRole('alert')).toHaveText('The moon is too full.');
});

test.describe('a browser with other languages', () => {
  test.use({ locale: 'fr-FR' });

  test('sees English', async ({ page, t }) => {
    await page.goto('/sign-in');
    await expect(page.getByRole('heading', { level: 1, name: t.signIn.title })).toBeVisible();
    await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  });
});
