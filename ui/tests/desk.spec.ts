// Plans, subscriptions, invoices and reconciliation, of people and of operators: against `portcullis dev --operator ADDRESS
// --simulate stripe` with fresh data and .ci/browser/billing.toml, and that address in PORTCULLIS_DESK.
import { randomBytes } from 'node:crypto';
import type { Page } from '@playwright/test';
import type { Difference, Subscription } from '../src/api/types';
import { en } from '../src/i18n/messages/en';
import { money } from './amounts';
import { forEveryone } from './everyone';
import { readFigures } from './figures';
import { Operator } from './operator';
import { cards, Payer } from './payer';
import { expect, locales, test } from './person';

const address = process.env.PORTCULLIS_DESK ?? '';

test.describe.configure({ mode: 'serial' });
test.beforeEach(() => test.setTimeout(180_000));

const mark = randomBytes(3).toString('hex');
const plans = { basic: `Basic ${mark}`, more: `More ${mark}`, trial: `Trial ${mark}` };
let operator: Operator;

test.beforeAll(async ({ browser, playwright, baseURL }) => {
  test.setTimeout(180_000);
  operator = await Operator.arriveAlone(browser, playwright, baseURL, address);
});

test('an operator makes plans, changes a price, retires one and offers it again', async () => {
  const { page } = operator;
  await operator.open(en.pages.plans);
  const form = page.getByRole('form', { name: en.planning.make });
  await operator.prove(form);
  await expect(page.getByRole('heading', { name: en.planning.emptyTitle })).toBeVisible();
  await form.getByLabel(en.planning.count).fill('0');
  await form.getByLabel(en.planning.trial).fill('some');
  await form.getByLabel(en.planning.anchor).fill('32');
  await form.getByLabel(en.planning.entitlements).fill('seats five many');
  await form.getByRole('button', { name: en.planning.make }).click();
  for (const text of [
    en.planning.idMissing,
    en.planning.nameMissing,
    en.planning.priceWrong,
    en.planning.countWrong,
    en.planning.trialWrong,
    en.planning.anchorWrong,
    en.planning.entitlementsWrong,
  ]) {
    await expect(form.getByText(text)).toBeVisible();
  }
  await expect(form.getByLabel(en.planning.id, { exact: true })).toBeFocused();
  await forEveryone(page);

  for (const [id, price, trial] of [['basic', '10.00', '0'], ['more', '25.00', '0'], ['trial', '5.00', '14']] as const) {
    await form.getByLabel(en.planning.id, { exact: true }).fill(`${id}-${mark}`);
    await form.getByLabel(en.planning.name, { exact: true }).fill(plans[id]);
    await form.getByLabel(en.planning.description).fill('Kettles by the month');
    await form.getByLabel(en.planning.currency).selectOption('USD');
    await form.getByLabel(en.planning.price).fill(price);
    await form.getByLabel(en.planning.count).fill('1');
    await form.getByLabel(en.planning.anchor).fill('');
    await form.getByLabel(en.planning.trial).fill(trial);
    await form.getByLabel(en.planning.taxCode).fill('standard');
    await form.getByLabel(en.planning.entitlements).fill(`seats-${mark} ${id === 'more' ? 25 : 5}\nexport-${mark}`);
    await form.getByRole('button', { name: en.planning.make }).click();
    await operator.prove(page.getByText(en.planning.made(plans[id])));
    // The form begins anew.
    await expect(form.getByLabel(en.planning.id, { exact: true })).toHaveValue('');
  }
  const row = page.getByRole('list', { name: en.planning.all }).getByRole('listitem').filter({ hasText: plans.more });
  await expect(row).toContainText(money(2_500));
  await row.getByRole('button', { name: en.planning.repriceNamed(plans.more) }).click();
  const dialog = page.getByRole('dialog', { name: en.planning.repriceNamed(plans.more) });
  await expect(dialog.getByLabel(en.planning.price)).toHaveValue('25.00');
  await forEveryone(page);
  await dialog.getByLabel(en.planning.price).fill('20.00');
  await dialog.getByRole('button', { name: en.planning.reprice }).click();
  await operator.prove(row.getByText(money(2_000)));
  await row.getByRole('button', { name: en.planning.retireNamed(plans.more) }).click();
  await page.getByRole('dialog').getByRole('button', { name: en.planning.retire }).click();
  await operator.prove(row.getByText(en.planStatus.archived));
  await row.getByRole('button', { name: en.planning.offerNamed(plans.more) }).click();
  await operator.prove(row.getByText(en.planStatus.active));
  await forEveryone(page);
});

const openSubscriptions = async (page: Page, name: string) => {
  await page.goto('/');
  await page.getByRole('link', { name }).first().click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
};

for (const locale of locales) {
  test.describe(locale, () => {
    test.use({ locale });

    test('a plan is chosen and paid with a new card, changed, paused, cancelled and kept', async ({ page, person, t }) => {
      const payer = new Payer(page, person, t);
      await person.signUp(page);
      await openSubscriptions(page, t.pages.subscriptions);
      await expect(page.getByRole('heading', { name: t.subscriptions.emptyTitle })).toBeVisible();
      await expect(page.getByText(t.subscriptions.mayNothing)).toBeVisible();
      await forEveryone(page);
      await page.getByRole('link', { name: t.subscriptions.chooseNamed(plans.trial) }).click();
      await expect(page.getByText(t.subscriptions.needsMethod)).toBeVisible();
      await expect(page.getByRole('button', { name: t.subscriptions.startTrial })).toHaveCount(0);
      await forEveryone(page);
      await page.getByRole('link', { name: t.subscriptions.back }).click();
      await expect(page.getByRole('heading', { level: 1, name: t.pages.subscriptions })).toBeFocused();
      await page.getByRole('link', { name: t.subscriptions.chooseNamed(plans.basic) }).click();
      await page.getByRole('button', { name: t.subscriptions.subscribe }).click();

      await expect(page.getByRole('heading', { level: 1, name: t.pay.title })).toBeVisible();
      await page.getByLabel(t.pay.at(t.pay.withNew, 'stripe')).check();
      await page.getByLabel(t.pay.save).check();
      await forEveryone(page);
      await page.getByRole('button', { name: t.pay.begin, exact: true }).click();
      await payer.enter(cards.good);
      await page.getByRole('region', { name: t.pay.enter }).getByRole('button').click();
      await expect(page.getByText(t.paymentStatus.succeeded.text)).toBeVisible();
      await page.getByRole('link', { name: t.invoices.toInvoice }).click();
      await expect(page.getByText(t.invoiceStates.paid.text)).toBeVisible();
      await expect(page.getByRole('table').getByText(t.invoices.tax('VAT', '19'))).toBeVisible();
      await forEveryone(page);
      for (const [name, type] of [[t.invoices.page, 'text/html'], [t.invoices.pdf, 'application/pdf']] as const) {
        const sheet = await page.getByRole('link', { name, exact: true }).getAttribute('href');
        const answer = await page.request.get(sheet ?? '');
        expect([answer.status(), answer.headers()['content-type']?.split(';')[0]]).toEqual([200, type]);
      }

      await openSubscriptions(page, t.pages.subscriptions);
      const own = page.getByRole('list', { name: t.pages.subscriptions }).getByRole('listitem').filter({ hasText: plans.basic });
      await expect(own).toContainText(t.subscriptionStatus.active.name);
      await expect(page.getByText(t.subscriptions.limit(`seats-${mark}`, '5')).first()).toBeVisible();
      await expect(page.getByRole('link', { name: t.subscriptions.chooseNamed(plans.basic) })).toHaveCount(0);
      await forEveryone(page);
      await own.getByRole('link').click();
      const change = page.getByRole('form', { name: t.subscriptions.change });
      await change.getByLabel(t.subscriptions.to, { exact: true }).selectOption(`more-${mark}`);
      await change.getByRole('button', { name: t.subscriptions.preview }).click();
      await expect(change.getByText(t.subscriptions.total, { exact: true })).toBeVisible();
      await forEveryone(page);
      await change.getByLabel(t.subscriptions.when).selectOption('period_end');
      await expect(change.getByRole('button', { name: t.subscriptions.preview })).toBeVisible();
      await change.getByLabel(t.subscriptions.when).selectOption('now');
      await change.getByRole('button', { name: t.subscriptions.changeTo(plans.more) }).click();
      await person.confirmWithPassword(page, page.getByText(t.subscriptions.changed(plans.more)));
      await expect(page.getByRole('heading', { level: 2, name: plans.more })).toBeVisible();

      // The worker collects what the change costs with the stored card.
      await expect(async () => {
        await page.reload();
        await expect(page.getByRole('button', { name: t.subscriptions.pause })).toBeVisible({ timeout: 2000 });
      }).toPass();
      await page.getByRole('button', { name: t.subscriptions.pause }).click();
      await page.getByRole('dialog').getByRole('button', { name: t.subscriptions.pause }).click();
      await expect(page.getByText(t.subscriptionStatus.paused.text)).toBeVisible();
      await page.getByRole('button', { name: t.subscriptions.resume }).click();
      await expect(page.getByText(t.subscriptionStatus.active.text)).toBeVisible();
      await page.getByRole('button', { name: t.subscriptions.cancel }).click();
      const dialog = page.getByRole('dialog', { name: t.subscriptions.cancelQuestion(plans.more) });
      await dialog.getByLabel(t.subscriptions.cancelWhen).selectOption('now');
      await expect(dialog.getByText(t.subscriptions.credit)).toBeVisible();
      await forEveryone(page);
      await dialog.getByLabel(t.subscriptions.cancelWhen).selectOption('period_end');
      await dialog.getByRole('button', { name: t.subscriptions.cancelSubmit }).click();
      await expect(page.getByText(t.subscriptionStatus.canceling.text)).toBeVisible();
      await page.getByRole('button', { name: t.subscriptions.keep }).click();
      await expect(page.getByText(t.subscriptionStatus.active.text)).toBeVisible();
      await page.getByRole('button', { name: t.subscriptions.cancel }).click();
      await dialog.getByLabel(t.subscriptions.cancelWhen).selectOption('now');
      await dialog.getByLabel(t.subscriptions.credit).check();
      await dialog.getByRole('button', { name: t.subscriptions.cancelSubmit }).click();
      await expect(page.getByText(t.subscriptionStatus.canceled.text)).toBeVisible();
      await expect(page.locator('main form')).toHaveCount(0);

      // The second period of what was changed has an invoice of its own: the list holds them all.
      await page.goto('/billing/invoices');
      const invoices = page.getByRole('list', { name: t.invoices.list }).getByRole('listitem');
      await expect(invoices.first()).toBeVisible();
      await forEveryone(page);
      await page.getByLabel(t.invoices.state).selectOption('uncollectible');
      await expect(page.getByText(t.invoices.none)).toBeVisible();
    });
  });
}

test('the bank asks for the first payment, and a trial begins with the stored card', async ({ page, person, t }) => {
  const payer = new Payer(page, person, t);
  await person.signUp(page);
  await payer.addCard(cards.asks);
  await page.goto('/billing/subscriptions');
  await page.getByRole('link', { name: t.subscriptions.chooseNamed(plans.basic) }).click();
  await page.getByRole('button', { name: t.subscriptions.subscribe }).click();
  // The page of the bank, which the vendor leads to.
  const complete = page.getByRole('button', { name: 'Complete' });
  await person.confirmWithPassword(page, complete);
  await complete.click();
  await expect(page.getByText(t.paymentStatus.succeeded.text)).toBeVisible();

  await page.goto('/billing/subscriptions');
  await page.getByRole('link', { name: t.subscriptions.chooseNamed(plans.trial) }).click();
  await page.getByRole('button', { name: t.subscriptions.startTrial }).click();
  await expect(page.getByText(t.subscriptionStatus.trialing.text)).toBeVisible();
  await expect(page.getByText(t.subscriptions.trialEnds, { exact: true })).toBeVisible();
  await forEveryone(page);
});

test('a first payment that is refused is paid in another way, and a later one says what helps', async ({ page, person, t }) => {
  const payer = new Payer(page, person, t);
  await person.signUp(page);
  await payer.addCard(cards.refusedLater);
  await page.goto('/billing/subscriptions');
  await page.getByRole('link', { name: t.subscriptions.chooseNamed(plans.basic) }).click();
  await page.getByRole('button', { name: t.subscriptions.subscribe }).click();
  await person.confirmWithPassword(page, page.getByRole('heading', { level: 1, name: t.pay.title }));
  await expect(page.getByText(t.declines.retry_later)).toBeVisible();
  await page.goto('/billing/subscriptions');
  const own = page.getByRole('list', { name: t.pages.subscriptions }).getByRole('listitem');
  await expect(own).toContainText(t.subscriptionStatus.incomplete.name);
  await own.getByRole('link').click();
  await forEveryone(page);
  await page.getByRole('link', { name: t.subscriptions.payNow }).click();
  await page.getByLabel(t.pay.at(t.pay.withNew, 'stripe')).check();
  await page.getByRole('button', { name: t.pay.begin, exact: true }).click();
  await payer.enter(cards.good);
  await page.getByRole('region', { name: t.pay.enter }).getByRole('button').click();
  await expect(page.getByText(t.paymentStatus.succeeded.text)).toBeVisible();

  await payer.addCard();
  // A month later: the server is told that the renewal failed.
  await page.route('**/api/billing/subscriptions/sub_*', async (route) => {
    if (route.request().method() !== 'GET') return route.continue();
    const now = (await (await route.fetch()).json()) as Subscription;
    const invoice = 'inv_01h2xcejqtf2nbrexx3vqjhp41';
    const late: Subscription = { ...now, status: 'past_due', open_invoices: [invoice], next_try_at: 1_790_000_000, restricted: true };
    await route.fulfill({ json: late });
  });
  await page.goto('/billing/subscriptions');
  await own.getByRole('link').click();
  await expect(page.getByText(t.subscriptionStatus.past_due.text)).toBeVisible();
  await expect(page.getByText(t.subscriptions.restricted)).toBeVisible();
  await expect(page.getByRole('link', { name: t.subscriptions.payNow })).toHaveAttribute('href', /pay\?invoice=inv_/);
  const other = page.getByRole('form', { name: t.subscriptions.otherMethod });
  await other.getByLabel(t.subscriptions.with).selectOption({ index: 2 });
  await forEveryone(page);
  await other.getByRole('button', { name: t.subscriptions.save }).click();
  await person.confirmWithPassword(page, page.getByText(t.subscriptions.methodSaved));
});

test('an operator writes an invoice, the customer pays it by transfer, and what came is marked', async ({ page: own, person, t }) => {
  await person.signUp(own);
  const { user_sub: customer } = (await (await own.request.get('/ui/me')).json()) as { user_sub: string };
  await own.goto('/billing/invoices');
  await expect(own.getByRole('heading', { name: t.invoices.emptyTitle })).toBeVisible();
  await forEveryone(own);

  const { page } = operator;
  await operator.open(en.pages.allInvoices);
  const find = page.getByRole('form', { name: en.invoicing.find });
  await operator.prove(find);
  await find.getByRole('button').click();
  await expect(find.getByText(en.customers.subjectMissing)).toBeVisible();
  await forEveryone(page);
  await find.getByLabel(en.customers.subject, { exact: true }).fill(customer);
  await find.getByRole('button').click();
  const write = page.getByRole('form', { name: en.invoicing.write });
  await write.getByLabel(en.invoicing.currency).selectOption('USD');
  await write.getByLabel(en.invoicing.quantity).fill('0');
  await write.getByRole('button', { name: en.invoicing.save }).click();
  for (const text of [en.invoicing.textMissing, en.invoicing.quantityWrong, en.invoicing.priceWrong]) {
    await expect(write.getByText(text)).toBeVisible();
  }
  await write.getByLabel(en.invoicing.text).fill('Plum kettle');
  await write.getByLabel(en.invoicing.quantity).fill('2');
  await write.getByLabel(en.invoicing.unitPrice).fill('50.00');
  await write.getByLabel(en.invoicing.taxCode).fill('standard');
  await write.getByRole('button', { name: en.invoicing.addLine }).click();
  const second = write.getByRole('group', { name: en.invoicing.line('2') });
  await expect(second.getByLabel(en.invoicing.text)).toBeFocused();
  await second.getByLabel(en.invoicing.text).fill('For the dent');
  await second.getByLabel(en.invoicing.unitPrice).fill('-20.00');
  await forEveryone(page);
  await write.getByRole('button', { name: en.invoicing.save }).click();
  await operator.prove(page.getByText(en.invoiceStates.draft.text));
  await expect(page.getByRole('table')).toContainText(money(9_900));
  await forEveryone(page);
  await page.getByRole('button', { name: en.invoicing.issue }).click();
  await page.getByRole('dialog').getByRole('button', { name: en.invoicing.issue }).click();
  await operator.prove(page.getByText(en.invoiceStates.open.text));
  const invoice = page.url();

  await own.reload();
  const row = own.getByRole('list', { name: t.invoices.list }).getByRole('listitem');
  await expect(row).toContainText(money(9_900));
  await row.getByRole('link').click();
  await forEveryone(own);
  await own.getByRole('link', { name: t.invoices.pay }).click();
  await own.getByLabel(t.pay.at(t.pay.outside, 'transfer')).check();
  await own.getByRole('button', { name: t.pay.begin, exact: true }).click();
  const instructions = own.getByRole('region', { name: t.pay.instructions });
  await expect(instructions).toContainText('Plum Kettles GmbH');
  await expect(instructions).toContainText('RF');
  await forEveryone(own);

  await page.reload();
  await page.getByRole('link', { name: en.reconciliation.payment, exact: true }).click();
  const received = page.getByRole('form', { name: en.invoicing.received });
  await expect(received.getByLabel(en.handling.amount)).toHaveValue('99.00');
  await received.getByRole('button').click();
  await expect(received.getByText(en.invoicing.referenceMissing)).toBeVisible();
  await forEveryone(page);
  await received.getByLabel(en.invoicing.reference).fill(`2026-12-01/${mark}`);
  await received.getByRole('button').click();
  await operator.prove(page.getByText(en.invoicing.marked));
  // What is given back of it is paid out by hand.
  const refund = page.getByRole('form', { name: en.handling.refund });
  await refund.getByLabel(en.handling.amount).fill('9.00');
  await refund.getByRole('button', { name: en.handling.refundNow(money(900)) }).click();
  const payOut = page.getByRole('form', { name: en.invoicing.payOut(money(900)) });
  await operator.prove(payOut);
  await payOut.getByRole('button').click();
  await expect(payOut.getByText(en.invoicing.referenceMissing)).toBeVisible();
  await forEveryone(page);
  await payOut.getByLabel(en.invoicing.reference).fill(`2026-12-02/${mark}`);
  await payOut.getByRole('button').click();
  await operator.prove(page.getByRole('region', { name: en.payments.refunds }).getByText(en.refundStatus.succeeded));
  await expect(payOut).toHaveCount(0);
  await page.goto(invoice);
  await expect(page.getByText(en.invoiceStates.paid.text)).toBeVisible();
  await own.goto('/billing/invoices');
  await expect(row).toContainText(t.invoiceStates.paid.name);

  // Another one is owed at once, and given up; a third is taken back.
  for (const [how, state] of [['uncollectible', 'uncollectible'], ['void', 'void']] as const) {
    await page.goto(`/invoices?customer=${customer}`);
    await write.getByLabel(en.invoicing.currency).selectOption('USD');
    await write.getByLabel(en.invoicing.text).fill('Spout');
    await write.getByLabel(en.invoicing.unitPrice).fill('7.00');
    await write.getByLabel(en.invoicing.issueNow).check();
    await write.getByRole('button', { name: en.invoicing.save }).click();
    await operator.prove(page.getByText(en.invoiceStates.open.text));
    const end = page.getByRole('form', { name: en.invoicing.end });
    await end.getByLabel(en.invoicing.how).selectOption(how);
    await end.getByRole('button').click();
    await expect(end.getByText(en.invoicing.reasonMissing)).toBeVisible();
    await end.getByLabel(en.invoicing.endReason).fill('It leaks');
    await forEveryone(page);
    await end.getByRole('button').click();
    await operator.prove(page.getByText(en.invoiceStates[state].text));
    await expect(end).toHaveCount(0);
  }
  await page.goto('/invoices');
  await expect(page.getByRole('list', { name: en.invoices.list }).getByRole('listitem').first()).toContainText(customer);
  await forEveryone(page);
});

test('an operator cancels the subscription of a customer with a reason', async ({ page: own, person, t }) => {
  const payer = new Payer(own, person, t);
  await person.signUp(own);
  await payer.addCard();
  await own.goto('/billing/subscriptions');
  await own.getByRole('link', { name: t.subscriptions.chooseNamed(plans.trial) }).click();
  await own.getByRole('button', { name: t.subscriptions.startTrial }).click();
  await person.confirmWithPassword(own, own.getByText(t.subscriptionStatus.trialing.text));
  const { user_sub: customer } = (await (await own.request.get('/ui/me')).json()) as { user_sub: string };

  const { page } = operator;
  await operator.open(en.pages.customers);
  await page.getByLabel(en.customers.subject, { exact: true }).fill(customer);
  await page.getByRole('button', { name: en.customers.look }).click();
  const row = page.getByRole('list', { name: en.pages.subscriptions }).getByRole('listitem');
  await operator.prove(row);
  await row.getByRole('button', { name: en.invoicing.cancelSubscription }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(en.subscriptions.cancelWhen).selectOption('now');
  await dialog.getByRole('button', { name: en.subscriptions.cancelSubmit }).click();
  await expect(dialog.getByText(en.invoicing.reasonMissing)).toBeVisible();
  await dialog.getByLabel(en.invoicing.endReason).fill('Asked by letter');
  await forEveryone(page);
  await dialog.getByRole('button', { name: en.subscriptions.cancelSubmit }).click();
  await operator.prove(row.getByText(en.subscriptionStatus.canceled.name));
  await own.reload();
  await expect(own.getByText(t.subscriptionEnds.operator)).toBeVisible();
});

test('an operator has the books compared, and decides about what differs', async () => {
  const { page } = operator;
  await operator.open(en.pages.reconciliation);
  const start = page.getByRole('form', { name: en.reconciliation.start });
  await operator.prove(start);
  await expect(page.getByText(en.reconciliation.noDifferences)).toBeVisible();
  await forEveryone(page);
  await start.getByLabel(en.reconciliation.vendor).selectOption('stripe');
  await start.getByRole('button').click();
  await operator.prove(page.getByText(en.reconciliation.started));
  const run = page.getByRole('list', { name: en.reconciliation.runs }).getByRole('listitem').first();
  await expect(async () => {
    await page.getByRole('button', { name: en.reconciliation.look }).click();
    await expect(run.getByText(en.runStates.complete, { exact: true })).toBeVisible({ timeout: 2000 });
  }).toPass();

  // Somebody charged at the vendor: the server says so, and takes the decision.
  const usd = (amount: number) => ({ amount, currency: 'USD', digits: 2 });
  let difference: Difference = {
    difference_id: 'dif_01h2xcejqtf2nbrexx3vqjhp41',
    vendor: 'stripe',
    kind: 'missing_here',
    state: 'open',
    name: 'txn_1',
    reference: 'pi_1',
    line: 'payment',
    payment_id: null,
    user_sub: null,
    reported: usd(1_900),
    fee: usd(57),
    booked: null,
    happened_at: 1_790_000_000,
    found_at: 1_790_000_000,
    changed_at: 1_790_000_000,
    reconciliation_id: 'rec_01h2xcejqtf2nbrexx3vqjhp41',
    adoptable: true,
    decided: null,
  };
  const asked: object[] = [];
  await page.route('**/api/operator/billing/differences*', (route) => route.fulfill({ json: { differences: [difference], next_cursor: null } }));
  await page.route('**/api/operator/billing/differences/*/decide', async (route) => {
    const body = route.request().postDataJSON() as { reason: string; user_sub: string };
    asked.push(body);
    const decided = { operator: 'usr_1', at: 1_790_000_100, reason: body.reason, adopted_for: body.user_sub };
    difference = { ...difference, state: 'adopted', decided };
    await route.fulfill({ json: difference });
  });
  await page.reload();
  const row = page.getByRole('list', { name: en.reconciliation.differences }).getByRole('listitem');
  await expect(row).toContainText(money(1_900));
  await expect(row).toContainText(en.differenceKinds.missing_here.text);
  await forEveryone(page);
  await row.getByRole('button', { name: en.reconciliation.decideNamed('txn_1') }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(en.reconciliation.decision).selectOption('adopt');
  await dialog.getByRole('button', { name: en.reconciliation.decide, exact: true }).click();
  await expect(dialog.getByText(en.reconciliation.forWhomMissing)).toBeVisible();
  await expect(dialog.getByText(en.reconciliation.reasonMissing)).toBeVisible();
  await forEveryone(page);
  await dialog.getByLabel(en.reconciliation.forWhom).fill('usr_2');
  await dialog.getByLabel(en.reconciliation.reason, { exact: true }).fill('Charged at the desk');
  await dialog.getByRole('button', { name: en.reconciliation.decide, exact: true }).click();
  await expect(row.getByText(en.differenceStates.adopted)).toBeVisible();
  await expect(row.getByText(en.reconciliation.decidedAs('Charged at the desk'))).toBeVisible();
  await expect(row.getByRole('button')).toHaveCount(0);
  expect(asked).toEqual([{ decision: 'adopt', reason: 'Charged at the desk', user_sub: 'usr_2' }]);
  await page.unrouteAll({ behavior: 'wait' });

  // Who may only look is offered nothing that would be refused.
  await page.route('**/api/operator/me', async (route) => {
    const self = (await (await route.fetch()).json()) as object;
    await route.fulfill({ json: { ...self, role: 'viewer', roles: ['viewer'] } });
  });
  for (const path of ['/reconciliation', '/plans']) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.getByRole('main').getByRole('list').first()).toBeVisible();
    await expect(page.locator('main form')).toHaveCount(0);
  }
});

test('an operator reads what the business came to, as plots and as a table', ({ browser }) => readFigures(operator, browser));
