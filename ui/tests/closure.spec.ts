// Deleting the account, and keeping it after all.
import { forEveryone } from './everyone';
import { expect, test } from './person';

test('an account is closed and kept', async ({ page, person }) => {
  await person.signUp(page);
  await page.getByRole('link', { name: 'Delete account' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Delete account' })).toBeVisible();
  await forEveryone(page);
  await page.getByRole('button', { name: 'Delete account…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete your account?' });
  await dialog.getByRole('button', { name: 'Delete account', exact: true }).click();
  const keep = page.getByRole('button', { name: 'Keep the account' });
  await person.confirmWithPassword(page, keep);
  await expect(page.getByText(/This account will be deleted on/)).toBeVisible();
  await forEveryone(page);
  await page.reload();
  await keep.click();
  await expect(page.getByText('Your account stays.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Delete account…' })).toBeVisible();
});
