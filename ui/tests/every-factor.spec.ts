// A deployment that asks for every factor: at the sign-in, and for what is sensitive enough.
import type { Page } from '@playwright/test';
import type { Authenticator } from './authenticator';
import type { Mailbox } from './mailbox';
import { expect, saveRecoveryCodes, stepUpDialog, test } from './person';

async function proofsAreOld(page: Page): Promise<void> {
  const left = async () => {
    const me = (await (await page.request.get('/ui/me')).json()) as { step_up_until: number };
    return me.step_up_until - Date.now() / 1000;
  };
  await expect.poll(left).toBeLessThan(-1);
}

/** Adds the second address as a factor; the app alone confirms that. */
async function addEmail(page: Page, to: Mailbox, app: Authenticator): Promise<void> {
  await page.goto('/emails');
  await proofsAreOld(page);
  await page.getByRole('button', { name: 'Add e-mail address' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add an e-mail address' });
  await dialog.getByRole('textbox', { name: 'E-mail address' }).fill(to.address);
  const asked = page.waitForRequest('**/ui/step-up/start');
  await dialog.getByRole('button', { name: 'Send code' }).click();
  expect((await asked).postDataJSON()).toEqual({ action: 'add_factor' });
  await stepUpDialog(page).getByLabel('Code from your authenticator app').fill(await app.next());
  await stepUpDialog(page).getByRole('button', { name: 'Confirm' }).click();
  await dialog.getByLabel('Code from the e-mail').fill(await to.code());
  await dialog.getByRole('button', { name: 'Turn it on' }).click();
  await saveRecoveryCodes(page);
}

test('a sign-in proves both factors, and new recovery codes ask for both again', async ({ page, person }) => {
  test.setTimeout(300_000);
  await person.signUp(page);
  const { app } = await person.addAuthenticator(page);
  const codes = person.mailbox(person.secondEmail);
  await addEmail(page, codes, app);

  await page.goto('/');
  await person.signOut(page);
  await person.enterPassword(page);
  await expect(page.getByText('Step 1 of 2.')).toBeVisible();
  await page.getByLabel('Code from your authenticator app').fill(await app.next());
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByText('Step 2 of 2.')).toBeVisible();
  await page.getByLabel('Code from the e-mail').fill(await codes.code());
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();

  await page.goto('/recovery-codes');
  await proofsAreOld(page);
  await page.getByRole('button', { name: /^Create new/ }).first().click();
  const asked = page.waitForRequest('**/ui/step-up/start');
  await page.getByRole('dialog').getByRole('button', { name: 'Create new codes' }).click();
  expect((await asked).postDataJSON()).toEqual({ action: 'regenerate_recovery_codes' });
  const dialog = stepUpDialog(page);
  await dialog.getByLabel('Code from your authenticator app').fill(await app.next());
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await expect(dialog.getByLabel('Code from the e-mail')).toBeVisible();
  await dialog.getByLabel('Code from the e-mail').fill(await codes.code());
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await expect(dialog).toBeHidden();
  await saveRecoveryCodes(page);
});
