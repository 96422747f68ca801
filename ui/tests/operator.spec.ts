// An operator: from an account to the role, and what everybody else sees of it. Needs `portcullis dev --operator ADDRESS` with
// fresh data, and that address in PORTCULLIS_OPERATOR.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { messages as de } from '../src/i18n/messages/de';
import { en } from '../src/i18n/messages/en';
import { money } from './amounts';
import { atDesk, Payer, stripe } from './payer';
import { expect, Person, stepUpDialog, test } from './person';

const address = process.env.PORTCULLIS_OPERATOR;

const menu = (page: Page) => page.getByRole('navigation', { name: en.frame.operator });
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });

/** No axe violation in either theme, and nothing cut off at 360 pixels. */
async function forEveryone(page: Page): Promise<void> {
  const usual = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([]);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  if (usual) await page.setViewportSize(usual);
}

test('who is no operator sees nothing of it', async ({ page, person }) => {
  await person.signUp(page);
  await expect(page.getByRole('link', { name: en.pages.operators })).toHaveCount(0);
  await page.goto('/operators');
  await expect(heading(page, en.frame.notFound)).toBeVisible();
});

test('an operator adds a second step, proves it, and sees the role and the others', async ({ browser, page, request }) => {
  test.skip(!address, 'needs a server with --operator');
  test.slow();
  const operator = new Person(request, en, address);
  await operator.signUp(page);
  await page.getByRole('button', { name: en.overview.enterCode }).click();
  const dialog = page.getByRole('dialog', { name: en.verifyEmail.dialogTitle });
  await dialog.getByLabel(en.factors.email.code).fill(await operator.mailbox(operator.email).code());
  await dialog.getByRole('button', { name: en.verifyEmail.submit }).click();
  await expect(page.getByText(en.overview.verified, { exact: true })).toBeVisible();
  await expect(async () => {
    await page.reload();
    await expect(menu(page)).toBeVisible({ timeout: 2000 });
  }).toPass();

  await menu(page).getByRole('link', { name: en.pages.operators }).click();
  await expect(heading(page, en.pages.operators)).toBeVisible();
  await expect(page.getByRole('heading', { name: en.operators.factorTitle })).toBeVisible();
  await forEveryone(page);
  await expect(page.locator('main').getByRole('link', { name: en.authenticators.add })).toHaveAttribute('href', '/authenticators');
  const { app } = await operator.addAuthenticator(page);

  await page.goto('/operators');
  const question = stepUpDialog(page);
  await question.getByLabel(en.factors.totp.code).fill(await app.next());
  await question.getByRole('button', { name: en.common.confirm }).click();
  const own = page.getByRole('region', { name: en.operators.own });
  await expect(own).toContainText(en.operatorRoles.admin.name);
  await expect(own).toContainText(en.operatorRoles.admin.may);
  const others = page.getByRole('region', { name: en.operators.all });
  await expect(others.getByRole('listitem')).toContainText([operator.email]);
  await expect(others.getByRole('listitem')).toContainText([en.operators.you]);
  await forEveryone(page);

  await menu(page).getByRole('link', { name: en.pages.customers }).click();
  await expect(heading(page, en.pages.customers)).toBeVisible();
  await page.getByRole('button', { name: en.customers.look }).click();
  await expect(page.getByText(en.customers.subjectMissing)).toBeVisible();
  await page.getByLabel(en.customers.subject, { exact: true }).fill('usr_nobody');
  await page.getByRole('button', { name: en.customers.look }).click();
  await expect(page.getByRole('alert')).toHaveText(en.problems['customer-not-found']);
  const me = (await (await page.request.get('/ui/me')).json()) as { user_sub: string };
  await page.getByLabel(en.customers.subject, { exact: true }).fill(me.user_sub);
  await page.getByRole('button', { name: en.customers.look }).click();
  await expect(page.getByRole('heading', { level: 2, name: operator.email })).toBeVisible();
  await expect(page.getByRole('heading', { name: en.billing.emptyTitle })).toBeVisible();
  await forEveryone(page);

  const german = await browser.newContext({ locale: 'de-DE', storageState: await page.context().storageState() });
  const other = await german.newPage();
  await other.setViewportSize({ width: 360, height: 740 });
  await other.goto('/');
  await other.getByRole('button', { name: de.frame.more, exact: true }).click();
  await other.getByRole('dialog').getByRole('link', { name: de.pages.operators }).click();
  await expect(other.getByRole('region', { name: de.operators.all }).getByRole('listitem')).toHaveCount(1);
  await forEveryone(other);
  await german.close();

  if (!stripe) return;
  const shop = await browser.newContext();
  const buyer = await shop.newPage();
  const customer = new Person(request, en);
  const payer = new Payer(buyer, customer, en);
  await customer.signUp(buyer);
  await payer.addCard();
  const bought = await payer.buy();
  const held = await payer.buy('later');
  const contested = await payer.buy();
  await atDesk(request, 'dispute', contested.reference);
  await shop.close();

  /** Does something that moves money: a fresh proof may be asked for. */
  const move = async (button: string | RegExp, done: string): Promise<void> => {
    await page.locator('form').getByRole('button', { name: button }).click();
    await expect(question.or(page.getByText(done)).first()).toBeVisible();
    if (await question.isVisible()) {
      await question.getByLabel(en.factors.totp.code).fill(await app.next());
      await question.getByRole('button', { name: en.common.confirm }).click();
    }
    await expect(page.getByText(done).first()).toBeVisible();
  };

  await menu(page).getByRole('link', { name: en.pages.payments }).click();
  await expect(heading(page, en.pages.payments)).toBeVisible();
  const row = page.getByRole('listitem').filter({ has: page.locator(`a[href$="${bought.payment.payment_id}"]`) });
  await expect(row).toHaveCount(0);
  await page.getByLabel(en.handling.which).selectOption('day');
  await expect(row).toHaveCount(1);
  await page.getByLabel(en.payments.status).selectOption('failed');
  await expect(row).toHaveCount(0);
  await page.getByLabel(en.payments.status).selectOption('succeeded');
  await forEveryone(page);
  // A vendor at which a refund does more than give money back.
  const notice = 'A refund also ends the subscription at the vendor.';
  await page.route('**/api/billing/config', async (route) => {
    const answer = await route.fetch();
    const config = (await answer.json()) as { vendors: object[] };
    await route.fulfill({ json: { ...config, vendors: config.vendors.map((one) => ({ ...one, refund_notice: notice })) } });
  });
  await row.getByRole('link').click();
  await expect(page.getByRole('form', { name: en.handling.refund }).getByText(notice)).toBeVisible();
  const half = Math.floor(bought.payment.amount / 2);
  const refund = page.getByRole('form', { name: en.handling.refund });
  await refund.getByLabel(en.handling.amount).fill(String(bought.payment.amount));
  await refund.getByRole('button').click();
  await expect(refund.getByText(en.handling.amountWrong(money(bought.payment.amount)))).toBeVisible();
  await refund.getByLabel(en.handling.amount).fill((half / 100).toFixed(2));
  await forEveryone(page);
  await move(en.handling.refundNow(money(half)), en.handling.refunded);
  await expect(page.getByRole('region', { name: en.payments.refunds }).getByRole('listitem')).toContainText([money(half)]);
  await expect(page.getByText(en.handling.refundText(money(bought.payment.amount - half)))).toBeVisible();

  const happened = page.getByRole('region', { name: en.timeline.title });
  await expect(happened.getByText(en.timeline.begun(money(bought.payment.amount)))).toBeVisible();
  await expect(happened.getByText(en.timeline.answer(en.callSteps.charge, en.callOutcomes.answered))).toBeVisible();
  await expect(happened.getByText(en.timeline.refund(money(half), en.refundStatus.succeeded))).toBeVisible();
  await expect(happened.getByText(en.timeline.posting(en.entryKinds.refund)).first()).toBeVisible();

  await menu(page).getByRole('link', { name: en.pages.vendorEvents }).click();
  await expect(heading(page, en.pages.vendorEvents)).toBeVisible();
  await page.getByLabel(en.vendorEvents.state).selectOption('dead');
  await expect(page.getByText(en.vendorEvents.none)).toBeVisible();
  await page.getByLabel(en.vendorEvents.state).selectOption('ignored');
  const event = page.locator('main').getByRole('listitem').first();
  await expect(event).toContainText(en.eventStates.ignored);
  await forEveryone(page);
  await event.getByRole('button').click();
  await expect(question.or(event.getByText(en.eventStates.stored)).first()).toBeVisible();
  if (await question.isVisible()) {
    await question.getByLabel(en.factors.totp.code).fill(await app.next());
    await question.getByRole('button', { name: en.common.confirm }).click();
  }
  await expect(event.getByText(en.eventStates.stored)).toBeVisible();

  await page.goto(`/payments?payment=${held.payment.payment_id}`);
  await page.getByRole('form', { name: en.handling.hold }).getByLabel(en.handling.amount).fill('9.50');
  await forEveryone(page);
  await move(en.handling.capture, en.handling.captured);
  await expect(page.getByText(en.payments.captured).locator('+ dd')).toHaveText(money(950));

  await page.goto(`/payments?payment=${contested.payment.payment_id}`);
  const dispute = page.getByRole('region', { name: en.payments.disputes });
  await expect(async () => {
    await page.reload();
    await expect(dispute.getByText(en.disputeStatus.needs_response)).toBeVisible({ timeout: 1500 });
  }).toPass();
  await expect(dispute.getByText(/Evidence is taken until .* left\./)).toBeVisible();
  await dispute.getByRole('button', { name: en.handling.send }).click();
  await expect(dispute.getByText(en.handling.textMissing)).toBeVisible();
  await dispute.getByLabel(en.handling.about).selectOption('access_log');
  await dispute.getByLabel(en.handling.text).fill('Signed in ten times since');
  const pdf = (bytes: number) => Buffer.from(`%PDF-1.7\n${' '.repeat(bytes)}\n%%EOF\n`);
  const picked = { name: 'receipt.pdf', mimeType: 'application/pdf' };
  await dispute.getByLabel(en.handling.file).setInputFiles({ ...picked, buffer: pdf(4_500_000) });
  await expect(dispute.getByText(en.handling.fileTooLarge)).toBeVisible();
  await dispute.getByLabel(en.handling.file).setInputFiles({ ...picked, buffer: pdf(100_000) });
  await expect(dispute.getByText(`${en.evidenceDocuments.receipt}: receipt.pdf`)).toBeVisible();
  await dispute.getByLabel(en.handling.submitNow).check();
  await forEveryone(page);
  await move(en.handling.send, en.handling.answered);
  await expect(dispute.getByText(en.handling.handedIn)).toBeVisible();
  await expect(page.getByRole('form', { name: en.handling.refund })).toHaveCount(0);

  // Who may only look is offered nothing that would be refused.
  await page.route('**/api/operator/me', async (route) => {
    const answer = await route.fetch();
    const self = (await answer.json()) as object;
    await route.fulfill({ json: { ...self, role: 'viewer', roles: ['viewer'] } });
  });
  await page.goto(`/payments?payment=${bought.payment.payment_id}`);
  await expect(page.getByRole('region', { name: en.payments.refunds })).toBeVisible();
  await expect(page.locator('form')).toHaveCount(0);
});
