// Phone numbers and e-mail addresses for codes: adding, signing in with either, removing.
import type { Locator, Page } from '@playwright/test';
import { expect, saveRecoveryCodes, test, type Person } from './person';

async function addEmail(page: Page, person: Person, to: string): Promise<string[]> {
  await page.goto('/emails');
  await page.getByRole('button', { name: 'Add e-mail address' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add an e-mail address' });
  await dialog.getByRole('textbox', { name: 'E-mail address' }).fill(to);
  await dialog.getByRole('button', { name: 'Send code' }).click();
  await person.confirmWithPassword(page, dialog.getByLabel('Code from the e-mail'));
  await dialog.getByLabel('Code from the e-mail').fill(await person.mailbox(to).code());
  await dialog.getByRole('button', { name: 'Turn it on' }).click();
  return saveRecoveryCodes(page);
}

async function addPhone(page: Page, person: Person): Promise<string[]> {
  await page.goto('/phones');
  await page.getByRole('button', { name: 'Add phone number' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a phone number' });
  await dialog.getByRole('textbox', { name: 'Phone number' }).fill(person.phone.replace('+49151', '+49 (0)151 '));
  await dialog.getByRole('button', { name: 'Send code' }).click();
  await person.confirmWithPassword(page, dialog.getByLabel('Code from the text message'));
  await expect(dialog.getByText(person.phone.replace('+49', '+49 ').replace(/(\d{7})$/, ' $1'))).toBeVisible();
  await dialog.getByLabel('Code from the text message').fill(await person.mailbox(person.phone).code());
  await dialog.getByRole('button', { name: 'Turn it on' }).click();
  return saveRecoveryCodes(page);
}

/** Waits until a code is sent, asking again as soon as the server's pause between two sends is over. */
async function expectSent(within: Page | Locator): Promise<void> {
  const again = within.getByRole('button', { name: /^(Try again|Send code)$/ });
  await expect(async () => {
    if (await again.isVisible()) await again.click({ timeout: 1000 });
    await expect(within.getByText('We sent a 6-digit code to')).toBeVisible({ timeout: 1000 });
  }).toPass({ timeout: 70_000 });
}

test('an only e-mail address is removed with a recovery code', async ({ page, person }) => {
  await person.signUp(page);
  const [code = ''] = await addEmail(page, person, person.secondEmail);
  const row = page.getByRole('listitem').filter({ hasText: 'Added' });
  await expect(row).toHaveCount(1);

  await row.getByRole('button', { name: /^Remove/ }).click();
  const dialog = page.getByRole('dialog', { name: /^Remove/ });
  await dialog.getByLabel('Recovery code').fill(code.toUpperCase());
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'No e-mail address for codes yet' })).toBeVisible();
});

test('an only phone number is removed with a code to an e-mail address', async ({ page, person }) => {
  test.slow();
  await person.signUp(page);
  await addPhone(page, person);
  await addEmail(page, person, person.secondEmail);
  await page.goto('/phones');
  const row = page.getByRole('listitem').filter({ hasText: 'Added' });
  await expect(row).toHaveCount(1);

  const mailbox = person.mailbox(person.secondEmail);
  await mailbox.code();
  await row.getByRole('button', { name: /^Remove/ }).click();
  const dialog = page.getByRole('dialog', { name: /^Remove/ });
  await expectSent(dialog);
  await dialog.getByLabel('Code from the e-mail').fill(await mailbox.code());
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'No phone number yet' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: 'Phone numbers' })).toBeFocused();
});

test('a number without its country code is explained at the field', async ({ page, person }) => {
  await person.signUp(page);
  await page.goto('/phones');
  await page.getByRole('button', { name: 'Add phone number' }).click();
  await page.getByRole('textbox', { name: 'Phone number' }).fill('0151 2345678');
  await page.getByRole('button', { name: 'Send code' }).click();
  await expect(page.getByText(/country code/).first()).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Phone number' })).toBeFocused();
});

test('one of several factors is enough, and another one can be chosen', async ({ page, person }) => {
  test.slow();
  await person.signUp(page);
  await addPhone(page, person);
  await addEmail(page, person, person.secondEmail);
  const mail = person.mailbox(person.secondEmail);
  await person.signOut(page);
  await person.enterPassword(page);
  await expectSent(page);
  await mail.code();
  await page.getByRole('button', { name: 'Try another way' }).click();
  await page.getByRole('button', { name: /^E-mail to/ }).click();
  await expect(page.getByText('We sent a 6-digit code to')).toBeVisible();
  const code = await mail.code();

  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'One more step' })).toBeVisible();
  await page.getByRole('button', { name: 'Try another way' }).click();
  await page.getByRole('button', { name: /^E-mail to/ }).click();
  await page.getByLabel('Code from the e-mail').fill(code);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();
});
