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
  await expect(other.getByText('Your session has ended: it was signed out from another place.')).toBeVisible();
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
  await expect(other.getByText('Your session has ended: all others were signed out from another place.')).toBeVisible();
  await person.enterPassword(other);
  await expect(other.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();
  await person.signOut(other);
  await other.reload();
  await expect(other.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  await expect(other.getByText('Your session has ended')).toBeHidden();
  await elsewhere.close();
});

test('a list that cannot be read says so and can be tried again', async ({ page, person }) => {
  await person.signUp(page);
  await page.route('**/ui/sessions*', (route) => route.abort());
  await page.goto('/sessions');
  await expect(page.getByRole('alert')).toHaveText(/could not reach the server/);
  await page.unroute('**/ui/sessions*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('This session')).toBeVisible();
});

test('a long list is shown page by page', async ({ page, person }) => {
  await person.signUp(page);
  // The server begins so many sessions for nobody: its list is cut into pages of two here.
  const cursors: (string | null)[] = [];
  await page.route('**/ui/sessions*', async (route) => {
    const asked = new URL(route.request().url());
    cursors.push(asked.searchParams.get('cursor'));
    asked.searchParams.set('limit', '2');
    await route.fulfill({ response: await route.fetch({ url: asked.href }) });
  });
  for (let other = 0; other < 4; other += 1) {
    const token = await page.request.post('/auth/sign-in', { data: { email: person.email, password: person.password } });
    const { access_token } = (await token.json()) as { access_token: string };
    const started = await page.request.post('/ui/session/start', { headers: { Authorization: `Bearer ${access_token}` }, data: {} });
    expect(started.ok()).toBe(true);
  }
  await page.goto('/sessions');
  const rows = page.getByRole('main').getByRole('listitem');
  await expect(rows).toHaveCount(2);
  await page.getByRole('button', { name: 'Show more sessions' }).click();
  await expect(rows).toHaveCount(4);
  await page.getByRole('button', { name: 'Show more sessions' }).click();
  await expect(rows).toHaveCount(5);
  await expect(page.getByText('This session')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Show more sessions' })).toBeHidden();
  expect(cursors.at(0)).toBeNull();
  // Every page is read once.
  expect(cursors).toHaveLength(3);
  expect(new Set(cursors).size).toBe(3);
});
