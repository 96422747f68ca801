// Authenticator apps and recovery codes: adding, signing in with them, confirming, removing.
import { expect, saveRecoveryCodes, stepUpDialog, test } from './person';

test('an app is added with QR code, and its recovery codes are shown once', async ({ page, person }) => {
  await person.signUp(page);
  const app = await person.beginAuthenticator(page);
  const picture = page.getByRole('img', { name: /QR code/ });
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth > 0)).toBe(true);

  await page.getByLabel('Code from the app').fill(app.wrong());
  await page.getByRole('button', { name: 'Turn it on' }).click();
  await expect(page.getByRole('dialog').getByRole('alert')).toBeVisible();

  await page.getByLabel('Code from the app').fill(await app.next());
  await page.getByRole('button', { name: 'Turn it on' }).click();
  const dialog = page.getByRole('dialog', { name: 'Save your recovery codes' });
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(dialog.getByRole('alert')).toHaveText('Save the codes first, then tick the box.');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Download' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('recovery-codes-totp.txt');

  const codes = await saveRecoveryCodes(page);
  expect(new Set(codes).size).toBe(10);
  await page.goto('/recovery-codes');
  await expect(page.getByText('10 of 10 codes left')).toBeVisible();
  await expect(page.getByText(codes[0] ?? '')).toHaveCount(0);
});

test('signing in asks for the code, and says so when it is wrong', async ({ page, person }) => {
  await person.signUp(page);
  const { app } = await person.addAuthenticator(page);
  await person.signOut(page);
  await person.enterPassword(page);
  await expect(page.getByRole('heading', { name: 'One more step' })).toBeVisible();
  const field = page.getByLabel('Code from your authenticator app');
  await expect(field).toBeFocused();
  await field.fill(app.wrong());
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(field).toBeFocused();
  await field.fill(await app.next());
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();
});

test('a sign-in that took too long starts again at the password', async ({ page, person }) => {
  await person.signUp(page);
  await person.addAuthenticator(page);
  await person.signOut(page);
  await page.route('**/ui/mfa/totp/verify', (route) =>
    route.fulfill({
      status: 401,
      contentType: 'application/problem+json',
      body: JSON.stringify({ code: 'challenge-ended', status: 401, title: 'Too late', detail: 'Please start again.' }),
    }),
  );
  await person.enterPassword(page);
  await page.getByLabel('Code from your authenticator app').fill('123456');
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByText('Please start again.')).toBeVisible();
  await expect(page.getByLabel('E-mail address')).toHaveValue(person.email);
  await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
});

test('a recovery code lets a person in, once', async ({ page, person }) => {
  await person.signUp(page);
  const { recoveryCodes } = await person.addAuthenticator(page);
  await person.signOut(page);
  await person.enterPassword(page);
  await page.getByRole('button', { name: 'Use a recovery code instead' }).click();
  await page.getByLabel('Recovery code').fill((recoveryCodes[0] ?? '').toUpperCase().replaceAll('-', ' '));
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();
  await page.goto('/recovery-codes');
  await expect(page.getByText('9 of 10 codes left')).toBeVisible();
  await person.signOut(page);
  await person.enterPassword(page);
  await page.getByRole('button', { name: 'Use a recovery code instead' }).click();
  await page.getByLabel('Recovery code').fill(recoveryCodes[0] ?? '');
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
});

test('a call that needs a fresh proof asks for it and is then repeated', async ({ page, person }) => {
  await person.signUp(page);
  const { recoveryCodes } = await person.addAuthenticator(page);
  await page.goto('/recovery-codes');
  let asked = 0;
  await page.route('**/ui/mfa/recovery/totp/regenerate', async (route) => {
    asked += 1;
    if (asked > 1) return route.continue();
    await route.fulfill({
      status: 403,
      contentType: 'application/problem+json',
      body: JSON.stringify({ code: 'step-up-required', status: 403, title: 'Step up', detail: 'Confirm that it is you.' }),
    });
  });
  await page.getByRole('button', { name: 'Create new codes for Authenticator app' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Create new codes' }).click();
  const dialog = stepUpDialog(page);
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: 'Use a recovery code instead' }).click();
  await dialog.getByLabel('Recovery code').fill(recoveryCodes[1] ?? '');
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  const fresh = await saveRecoveryCodes(page);
  expect(asked).toBe(2);
  expect(fresh).not.toContain(recoveryCodes[2]);
  await expect(page.getByText('10 of 10 codes left')).toBeVisible();
});

test('leaving the step-up dialog changes nothing', async ({ page, person }) => {
  await person.signUp(page);
  await page.route('**/ui/mfa/totp/devices/begin', (route) =>
    route.fulfill({
      status: 403,
      contentType: 'application/problem+json',
      body: JSON.stringify({ code: 'step-up-required', status: 403, title: 'Step up', detail: 'Confirm that it is you.' }),
    }),
  );
  await page.goto('/authenticators');
  await page.getByRole('button', { name: 'Add authenticator app' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(stepUpDialog(page)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(stepUpDialog(page)).toBeHidden();
  await expect(page.getByRole('dialog', { name: 'Add an authenticator app' })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('an app is removed', async ({ page, person }) => {
  await person.signUp(page);
  const { app } = await person.addAuthenticator(page);
  await page.getByRole('button', { name: 'Remove My phone' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  const empty = page.getByRole('heading', { name: 'No authenticator app yet' });
  const dialog = stepUpDialog(page);
  await expect(dialog.or(empty).first()).toBeVisible();
  if (await dialog.isVisible()) {
    await dialog.getByLabel('Code from your authenticator app').fill(await app.next());
    await dialog.getByRole('button', { name: 'Confirm' }).click();
  }
  await expect(empty).toBeVisible();
});
