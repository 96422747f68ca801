// The catalog, carts and orders, of people and of operators: against `portcullis dev --operator ADDRESS` with fresh data, and
// that address in PORTCULLIS_SHOP.
import { randomBytes } from 'node:crypto';
import { en } from '../src/i18n/messages/en';
import { money } from './amounts';
import { forEveryone } from './everyone';
import { Operator } from './operator';
import { Payer } from './payer';
import { expect, locales, test } from './person';

const address = process.env.PORTCULLIS_SHOP ?? '';

test.describe.configure({ mode: 'serial' });
test.beforeEach(() => test.setTimeout(180_000));

const mark = randomBytes(3).toString('hex');
const [category, kettle, spoon] = [`Kettles ${mark}`, `Plum kettle ${mark}`, `Spoon ${mark}`];
let operator: Operator;

test.beforeAll(async ({ browser, playwright, baseURL }) => {
  test.setTimeout(180_000);
  operator = await Operator.arriveAlone(browser, playwright, baseURL, address);
});

test('an operator offers items, changes one and removes another', async () => {
  const { page } = operator;
  await operator.open(en.pages.catalog);
  const form = page.getByRole('form', { name: en.catalog.make });
  await operator.prove(form);
  await expect(page.getByRole('heading', { name: en.shop.emptyTitle })).toBeVisible();
  await form.getByRole('button', { name: en.catalog.make }).click();
  await expect(form.getByText(en.catalog.nameMissing)).toBeVisible();
  await forEveryone(page);
  await form.getByLabel(en.catalog.name, { exact: true }).fill(category);
  await form.getByLabel(en.catalog.id).fill(`kettles-${mark}`);
  await form.getByRole('button', { name: en.catalog.make }).click();
  const open = page.getByRole('link', { name: en.catalog.open(category) });
  await operator.prove(open);
  await open.click();

  const add = page.getByRole('form', { name: en.catalog.addItem });
  await add.getByLabel(en.catalog.price).fill('a lot');
  await add.getByLabel(en.catalog.stock).fill('some');
  await add.getByRole('button', { name: en.catalog.addItem }).click();
  for (const text of [en.catalog.nameMissing, en.catalog.priceWrong, en.catalog.stockWrong]) await expect(add.getByText(text)).toBeVisible();
  const items = page.getByRole('list', { name: en.catalog.items });
  for (const [name, price, stock] of [[kettle, '19.99', '3'], [spoon, '2.50', '']] as const) {
    await add.getByLabel(en.catalog.name, { exact: true }).fill(name);
    await add.getByLabel(en.catalog.currency).selectOption('USD');
    await add.getByLabel(en.catalog.price).fill(price);
    await add.getByLabel(en.catalog.stock).fill(stock);
    await add.getByRole('button', { name: en.catalog.addItem }).click();
    await operator.prove(items.getByRole('listitem').filter({ hasText: name }));
  }
  await expect(items.getByRole('listitem').filter({ hasText: spoon })).toContainText(en.catalog.unlimited);
  await forEveryone(page);

  await page.getByRole('button', { name: en.catalog.changeNamed(kettle) }).click();
  const dialog = page.getByRole('dialog', { name: en.catalog.changeNamed(kettle) });
  await forEveryone(page);
  await dialog.getByLabel(en.catalog.price).fill('21.00');
  await dialog.getByRole('button', { name: en.catalog.save }).click();
  await operator.prove(items.getByText(money(2_100)));
  await page.getByRole('button', { name: en.common.removeNamed(spoon) }).click();
  await page.getByRole('dialog').getByRole('button', { name: en.common.remove }).click();
  await expect(items.getByText(spoon)).toHaveCount(0);
  await expect(items.getByText(kettle)).toBeVisible();
});

for (const locale of locales) {
  test.describe(() => {
    test.use({ locale });

    test(`somebody buys, and has it called off (${locale})`, async ({ page, person, t }) => {
      await person.signUp(page);
      await new Payer(page, person, t).addCard();
      await page.goto('/billing');
      await page.getByRole('link', { name: t.pages.orders, exact: true }).click();
      await expect(page.getByRole('heading', { name: t.orders.emptyTitle })).toBeVisible();
      await forEveryone(page);
      await page.locator('main').getByRole('link', { name: t.cart.toShop }).first().click();
      await page.getByRole('link', { name: category }).click();
      const card = page.getByRole('listitem').filter({ hasText: kettle });
      await expect(card).toContainText(money(2_100, locale));
      await forEveryone(page);
      await page.getByRole('button', { name: t.shop.reviewsOf(kettle) }).click();
      const reviews = page.getByRole('dialog', { name: t.shop.reviewsOf(kettle) });
      await reviews.getByRole('button', { name: t.shop.send }).click();
      await expect(reviews.getByText(t.shop.titleMissing)).toBeVisible();
      await reviews.getByLabel(t.shop.title).fill('Boils fast');
      await reviews.getByRole('button', { name: t.shop.send }).click();
      await expect(reviews.getByRole('heading', { name: 'Boils fast' }).first()).toBeVisible();
      await forEveryone(page);
      await reviews.getByRole('button', { name: t.shop.removeReview }).click();
      await expect(reviews.getByRole('button', { name: t.shop.send })).toBeVisible();
      await reviews.getByRole('button', { name: t.common.close }).click();

      await page.getByLabel(t.shop.search).fill(`nothing ${mark}`);
      await page.getByRole('button', { name: t.shop.search, exact: true }).click();
      await expect(page.getByText(t.shop.nothingFound)).toBeVisible();
      await page.getByLabel(t.shop.search).fill(`plum ${mark}`);
      await page.getByRole('button', { name: t.shop.search, exact: true }).click();
      await page.getByRole('button', { name: t.shop.addNamed(kettle) }).click();
      await expect(page.getByText(t.shop.added(kettle))).toBeVisible();
      await page.getByRole('link', { name: t.shop.toCart }).click();
      await page.getByRole('button', { name: t.cart.more(kettle) }).click();
      await page.getByRole('button', { name: t.cart.more(kettle) }).click();
      await page.getByRole('button', { name: t.cart.fewer(kettle) }).click();
      const buy = page.getByRole('button', { name: t.cart.buy(money(4_200, locale)) });
      await expect(buy).toBeVisible();
      await forEveryone(page);
      await buy.click();
      const heading = page.getByRole('heading', { level: 2, name: t.orderStatus.COMPLETED });
      await person.confirmWithPassword(page, heading);
      await expect(page.getByText(t.orders.pieces(2, kettle))).toBeVisible();
      await expect(page.getByRole('list', { name: t.orders.history })).toContainText(t.orderEvents.paid);
      await forEveryone(page);
      const order = page.url();
      await page.getByRole('button', { name: t.orders.cancel }).click();
      await expect(page.getByText(t.orders.asked)).toBeVisible();
      await page.goto('/orders');
      await page.getByLabel(t.orders.status).selectOption('CANCEL_REQUESTED');
      await expect(page.getByRole('list', { name: t.orders.list }).getByRole('listitem')).toHaveCount(1);
      await forEveryone(page);

      await operator.open(en.pages.allOrders);
      await operator.prove(operator.page.getByRole('heading', { level: 2, name: en.ordering.open }));
      await forEveryone(operator.page);
      await operator.page.getByRole('list', { name: en.orders.list }).getByRole('link').first().click();
      const decide = operator.page.getByRole('region', { name: en.ordering.decide });
      await decide.getByLabel(en.ordering.note).fill('Nothing was sent yet');
      await forEveryone(operator.page);
      await decide.getByRole('button', { name: en.ordering.approve, exact: true }).click();
      await operator.prove(operator.page.getByRole('heading', { level: 2, name: en.orderStatus.CANCELLED }));
      await expect(async () => {
        await page.goto(order);
        await expect(page.getByText(t.orders.refunded, { exact: true })).toBeVisible({ timeout: 2000 });
      }).toPass();
      await expect(page.getByText(t.orders.note('Nothing was sent yet')).first()).toBeVisible();
    });
  });
}

test('an operator ships an order, finds those of a customer, and gives the money back', async ({ page, person, t }) => {
  await person.signUp(page);
  await new Payer(page, person, t).addCard();
  await page.goto(`/shop?category=kettles-${mark}`);
  await page.getByRole('button', { name: t.shop.addNamed(kettle) }).click();
  await expect(page.getByText(t.shop.added(kettle))).toBeVisible();
  await page.goto('/shop/cart');
  await page.getByRole('button', { name: t.cart.buy(money(2_100)) }).click();
  await person.confirmWithPassword(page, page.getByRole('heading', { level: 2, name: t.orderStatus.COMPLETED }));
  const order = page.url();
  const me = (await (await page.request.get('/ui/me')).json()) as { user_sub: string };

  const desk = operator.page;
  await operator.open(en.pages.allOrders);
  await desk.getByLabel(en.customers.subject, { exact: true }).fill(me.user_sub);
  await desk.getByRole('button', { name: en.customers.look }).click();
  await desk.getByRole('list', { name: en.orders.list }).getByRole('link').first().click();
  const ship = desk.getByRole('form', { name: en.ordering.ship });
  await ship.getByLabel(en.orders.carrier).fill('UPS');
  await ship.getByLabel(en.orders.tracking).fill('1Z999AA10123456784');
  await ship.getByRole('button', { name: en.ordering.ship }).click();
  await operator.prove(desk.getByText(en.ordering.saved));
  await forEveryone(desk);
  await page.goto(order);
  await expect(page.getByText('1Z999AA10123456784').first()).toBeVisible();
  await desk.getByRole('button', { name: en.ordering.revert }).click();
  await desk.getByRole('dialog').getByRole('button', { name: en.ordering.revert }).click();
  await operator.prove(desk.getByText(en.ordering.reverted));
  await expect(async () => {
    await page.goto(order);
    await expect(page.getByRole('heading', { level: 2, name: t.orderStatus.REVERTED })).toBeVisible({ timeout: 2000 });
  }).toPass();
});
