// Calls about what one is about to buy.
import { bodyOf, client } from './client';
import type { BuyCart, Cart, CartLine, Item } from './types';

const api = client();
const paying = client({ action: 'pay' });

const of = (cart: string) => ({ path: { cart_id: cart } });

/** A cart with all that is in it. */
export interface FilledCart {
  cart: Cart;
  lines: CartLine[];
  /** Decimal places of its currency. */
  digits: number;
}

export const listOpenCarts = async (): Promise<Cart[]> => {
  const carts = await bodyOf(api.GET('/ui/shoppingcart/carts'));
  return carts.filter((one) => one.status === 'OPEN');
};

const fill = async (cart: Cart): Promise<FilledCart> => {
  const [{ items }, { digits }] = await Promise.all([
    bodyOf(api.GET('/ui/shoppingcart/carts/{cart_id}/items', { params: of(cart.cart_id) })),
    bodyOf(api.GET('/ui/shoppingcart/carts/{cart_id}/total', { params: of(cart.cart_id) })),
  ]);
  return { cart, lines: items, digits };
};

/** Those in which there is something, newest first. */
export const readFilledCarts = async (): Promise<FilledCart[]> =>
  Promise.all((await listOpenCarts()).filter((one) => one.item_count > 0).map(fill));

/** Puts one piece into the cart of its currency, and opens one where there is none. */
export async function putIntoCart({ category_id, item_id, currency }: Item): Promise<CartLine> {
  const open = await listOpenCarts();
  const fits = open.find((one) => one.item_count > 0 && one.currency === currency) ?? open.find((one) => one.item_count === 0);
  const cart = fits ?? (await bodyOf(api.POST('/ui/shoppingcart/carts')));
  return bodyOf(
    api.POST('/ui/shoppingcart/carts/{cart_id}/items/catalog', {
      params: of(cart.cart_id),
      body: { category_id, item_id, quantity: 1 },
    }),
  );
}

/** None of them takes the line out. */
export const setQuantity = async ({ cart_id, sku }: CartLine, quantity: number): Promise<void> => {
  const params = { path: { cart_id, sku } };
  if (quantity > 0) await bodyOf(api.PATCH('/ui/shoppingcart/carts/{cart_id}/items/{sku}', { params, body: { quantity } }));
  else await bodyOf(api.DELETE('/ui/shoppingcart/carts/{cart_id}/items/{sku}', { params }));
};

/** Sent again with the same key it is the same order. */
export const buyCart = (key: string, cart: string, body: BuyCart) =>
  bodyOf(
    paying.POST('/ui/shoppingcart/carts/{cart_id}/purchase', {
      params: { ...of(cart), header: { 'Idempotency-Key': key } },
      body,
    }),
  );
