// Signing up, verifying the address, signing in and out, changing the password.
import { expect, test } from './person';

test('a new account leads to the overview', async ({ page, person }) => {
  await person.signUp(page);
  await expect(page).toHaveTitle(/^Your account · /);
  await expect(page.getByText(person.email).first()).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Only your password protects this account' })).toBeVisible();
});

test('the password hint counts the length first', async ({ page }) => {
  await page.goto('/sign-up');
  const password = page.getByLabel('Password', { exact: true });
  await password.fill('a1!');
  await expect(page.getByText(/more characters? to go/)).toBeVisible();
  await password.fill('seven calm lanterns on a hill');
  await expect(page.getByText('Good length.')).toBeVisible();
});

test('mistakes stand at their fields before anything is sent', async ({ page }) => {
  await page.goto('/sign-up');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByText('Enter an e-mail address, like name@example.com.')).toBeVisible();
  await expect(page.getByLabel('E-mail address')).toBeFocused();
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true');
});

test('the address is verified with the code from the mail', async ({ page, person }) => {
  await person.signUp(page);
  await page.getByRole('button', { name: 'Enter code' }).click();
  const dialog = page.getByRole('dialog', { name: 'Verify your e-mail' });
  const code = await person.mailbox(person.email).code();
  await dialog.getByLabel('Code from the e-mail').fill(`${code.slice(0, 3)} ${code.slice(3)}`);
  await dialog.getByRole('button', { name: 'Verify e-mail' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText('Verified', { exact: true })).toBeVisible();
});

test('a wrong password is refused kindly', async ({ page, person }) => {
  await person.signUp(page);
  await person.signOut(page);
  await page.getByLabel('E-mail address').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill('not the password at all');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('alert')).not.toBeEmpty();
  await expect(page).toHaveURL(/\/sign-in$/);
});

test('after signing in the page that was asked for is shown', async ({ page, person }) => {
  await person.signUp(page);
  await person.signOut(page);
  await page.goto('/sessions');
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fsessions$/);
  await page.getByLabel('E-mail address').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Sessions' })).toBeVisible();
  await expect(page).toHaveURL(/\/sessions$/);
});

test('whoever signs in for an application goes back there, and nowhere else', async ({ page, person }) => {
  await person.signUp(page);
  await person.signOut(page);
  const back = new URL('/openapi.json?from=a&b=c', page.url()).href;
  const signIn = (address: string) => page.goto(`/sign-in?return_to=${encodeURIComponent(address)}`);
  await signIn(back);
  await page.getByLabel('E-mail address').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page).toHaveURL(back);
  await signIn(back);
  await expect(page, 'who is signed in goes on at once').toHaveURL(back);
  await signIn('https://evil.example/');
  await expect(page.getByText('return-address-not-allowed')).toBeVisible();
});

test('signing in works with the keyboard alone', async ({ page, person }) => {
  await person.signUp(page);
  await person.signOut(page);
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  const email = page.getByLabel('E-mail address');
  for (let presses = 0; presses < 10; presses++) {
    await page.keyboard.press('Tab');
    if (await email.evaluate((field) => field === document.activeElement)) break;
  }
  await expect(email).toBeFocused();
  await page.keyboard.type(person.email);
  await page.keyboard.press('Tab');
  await expect(page.getByLabel('Password', { exact: true })).toBeFocused();
  await page.keyboard.type(person.password);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Your account' })).toBeFocused();
});

test('the password is changed, and only the new one works', async ({ page, person }) => {
  await person.signUp(page);
  await page.goto('/password');
  const old = person.password;
  person.password = `${old} and a bridge`;
  await page.getByLabel('Current password', { exact: true }).fill('something else entirely');
  await page.getByLabel('New password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByLabel('Current password', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await page.getByLabel('Current password', { exact: true }).fill(old);
  await page.getByRole('button', { name: 'Change password' }).click();
  const changed = page.getByRole('main').getByText('Your password is changed.');
  await person.confirmWithPassword(page, changed);
  await person.signOut(page);
  await person.enterPassword(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();
});

test('where addresses are proven first, the sign-in page follows the code, and no password is kept for it', async ({ page, person }) => {
  const json = (status: number, body: object) => ({ status, contentType: 'application/json', body: JSON.stringify(body) });
  await page.route('**/auth/sign-up', (route) =>
    route.fulfill(json(202, { status: 'verification_sent', sign_up_id: 'ver_a.b', email: person.email })),
  );
  await page.route('**/auth/verify-email', (route) => route.fulfill(json(200, { status: 'ok' })));
  const signedIn: unknown[] = [];
  page.on('request', (request) => request.url().endsWith('/auth/sign-in') && signedIn.push(request));
  await page.goto('/sign-up');
  await page.getByLabel('E-mail address').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByLabel('Code from the e-mail').fill('123456');
  await page.getByRole('button', { name: 'Verify e-mail' }).click();
  await expect(page.getByText('Your e-mail address is verified. Sign in to go on.')).toBeVisible();
  await expect(page.getByLabel('E-mail address')).toHaveValue(person.email);
  await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
  expect(signedIn).toEqual([]);
});
