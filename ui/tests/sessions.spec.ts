// The list of sessions, and what happens to one that was ended elsewhere.
import { expect, test } from './person';

test('a session that was signed out elsewhere is sent to the sign-in page and may return', async ({ page, person, browser }) => {
  await person.signUp(page);
  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await person.enterPassword(other);
  await expect(other.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();

  await page.goto('/sessions');
  await expect(page.getByText('This session')).toBeVisible();
  const rows = page.getByRole('main').getByRole('listitem');
  await expect(rows).toHaveCount(2);
  await expect(rows.filter({ hasText: 'active just now' })).toHaveCount(2);
  await page.getByRole('main').getByRole('button', { name: /^Sign out (?!all)/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(page.getByText('Ended sessions (1)')).toBeVisible();

  await other.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Sessions' }).click();
  await expect(other.getByText('Your session has ended.')).toBeVisible();
  await expect(other).toHaveURL(/\/sign-in\?next=%2Fsessions$/);
  await elsewhere.close();
});

test('all other sessions are signed out at once', async ({ page, person, browser }) => {
  await person.signUp(page);
  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await person.enterPassword(other);
  await expect(other.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();

  await page.goto('/sessions');
  await page.getByRole('button', { name: 'Sign out all others' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out all others' }).click();
  await expect(page.getByText('1 other session signed out.')).toBeVisible();
  await other.reload();
  await expect(other.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  await elsewhere.close();
});

test('a list that cannot be read says so and can be tried again', async ({ page, person }) => {
  await person.signUp(page);
  await page.route('**/ui/sessions', (route) => route.abort());
  await page.goto('/sessions');
  await expect(page.getByRole('alert')).toHaveText(/could not reach the server/);
  await page.unroute('**/ui/sessions');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('This session')).toBeVisible();
});
