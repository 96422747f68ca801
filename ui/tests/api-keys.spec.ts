// API keys: made, shown once, used, restricted, rotated and revoked.
import { forEveryone } from './everyone';
import { expect, locales, test } from './person';

for (const locale of locales) {
  test.describe(locale, () => {
    test.use({ locale });

    test('a key is made, used, restricted, rotated and revoked', async ({ page, person, t, playwright, baseURL }) => {
      test.slow();
      await person.signUp(page);
      await page.goto('/api-keys');
      await expect(page.getByText(t.apiKeys.emptyText)).toBeVisible();
      const { scopes } = (await (await page.request.get('/ui/api_keys/scopes')).json()) as { scopes: { name: string }[] };
      expect(scopes.map((scope) => t.scopes[scope.name]).filter((text) => !text)).toEqual([]);
      await forEveryone(page);
      await page.getByRole('button', { name: t.apiKeys.add }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(t.apiKeys.label).fill('Back end');
      await dialog.getByLabel(t.scopes['entitlements:read'] ?? '').check();
      await dialog.getByLabel(t.apiKeys.allow).fill('everywhere');
      await dialog.getByLabel(t.apiKeys.rate).fill('many');
      await dialog.getByRole('button', { name: t.apiKeys.add }).click();
      await expect(dialog.getByText(t.apiKeys.numberWrong)).toBeVisible();
      await dialog.getByLabel(t.apiKeys.rate).fill('100');
      await dialog.getByRole('button', { name: t.apiKeys.add }).click();
      await expect(dialog.locator('[aria-invalid]')).toBeVisible();
      await forEveryone(page);
      await dialog.getByLabel(t.apiKeys.allow).fill('');
      await dialog.getByRole('button', { name: t.apiKeys.add }).click();
      const shown = dialog.getByRole('textbox', { name: t.apiKeys.key });
      await expect(shown).toHaveValue(/^pck_[0-9a-z]{26}[0-9A-Za-z]{38}$/);
      const first = await shown.inputValue();
      await forEveryone(page);
      await dialog.getByRole('button', { name: t.common.done }).click();
      await expect(dialog.getByText(t.apiKeys.keepFirst)).toBeVisible();
      await dialog.getByLabel(t.apiKeys.kept).check();
      await dialog.getByRole('button', { name: t.common.done }).click();
      await expect(dialog).toBeHidden();

      // A program without the cookies of the browser.
      const program = await playwright.request.newContext(baseURL ? { baseURL } : {});
      const read = async (key: string) =>
        (await program.get('/api/billing/entitlements', { headers: { 'X-API-KEY': key } })).status();
      expect(await read(first)).toBe(200);
      await page.getByRole('button', { name: t.apiKeys.manageNamed('Back end') }).click();
      const details = page.getByRole('region', { name: 'Back end' });
      await expect(details.getByText('100', { exact: true })).toBeVisible();

      await details.getByRole('button', { name: t.apiKeys.changeRules }).click();
      await expect(dialog.getByLabel(t.apiKeys.rate)).toHaveValue('100');
      await expect(dialog.getByLabel(t.apiKeys.quota)).toHaveValue('');
      await dialog.getByLabel(t.apiKeys.deny).fill('127.0.0.0/8, ::1');
      await dialog.getByRole('button', { name: t.apiKeys.save }).click();
      await expect(page.getByText(t.apiKeys.saved)).toBeVisible();
      expect(await read(first)).toBe(403);
      await details.getByRole('button', { name: t.apiKeys.changeRules }).click();
      await dialog.getByLabel(t.apiKeys.deny).fill('');
      await dialog.getByRole('button', { name: t.apiKeys.save }).click();
      await expect(dialog).toBeHidden();

      await details.getByRole('button', { name: t.apiKeys.rotate }).click();
      await dialog.getByLabel(t.apiKeys.overlap).selectOption('none');
      await dialog.getByRole('button', { name: t.apiKeys.rotate }).click();
      const second = await shown.inputValue();
      expect(second).not.toBe(first);
      await dialog.getByLabel(t.apiKeys.kept).check();
      await dialog.getByRole('button', { name: t.common.done }).click();
      expect([await read(first), await read(second)]).toEqual([401, 200]);

      // Uses are written down every few seconds.
      await expect(async () => {
        await page.reload();
        await page.getByRole('button', { name: t.apiKeys.manageNamed('Back end') }).click();
        await expect(details.getByRole('img', { name: t.apiKeys.usage })).toBeVisible({ timeout: 1500 });
      }).toPass();
      await forEveryone(page);

      await details.getByRole('button', { name: t.apiKeys.rename }).click();
      await dialog.getByLabel(t.apiKeys.label).fill('Reports');
      await dialog.getByRole('button', { name: t.apiKeys.save }).click();
      const renamed = page.getByRole('region', { name: 'Reports' });
      await renamed.getByRole('button', { name: t.apiKeys.revoke }).click();
      await dialog.getByRole('button', { name: t.apiKeys.revoke }).click();
      await expect(page.getByText(t.apiKeyStatus.revoked, { exact: true })).toBeVisible();
      expect(await read(second)).toBe(401);
      await forEveryone(page);
      await program.dispose();
    });
  });
}
