// Calls about what is offered: everybody reads, operators change.
import { bodyOf, client } from './client';
import type { AddCategory, AddItem, Category, ChangeItem, Item, Review, WriteReview } from './types';

const api = client();
const managing = client({ action: 'manage_catalog' });

/** A part of a list, and where it goes on. */
export interface Part<T> {
  items: T[];
  next_cursor: string | null;
}

/** Rows in a page. */
const rows = 24;

const after = (token?: string) => ({ page_size: rows, ...(token ? { next_token: token } : {}) });
const part = <T>({ items, next_token }: { items: T[]; next_token: string | null }): Part<T> => ({
  items,
  next_cursor: next_token,
});

export const listCategories = async (token?: string): Promise<Part<Category>> =>
  part(await bodyOf(api.GET('/ui/catalog/categories', { params: { query: after(token) } })));

export const listItems = async (category: string, token?: string): Promise<Part<Item>> =>
  part(
    await bodyOf(
      api.GET('/ui/catalog/categories/{category_id}/items', {
        params: { path: { category_id: category }, query: after(token) },
      }),
    ),
  );

export const searchItems = async (words: string, token?: string): Promise<Part<Item>> =>
  part(await bodyOf(api.GET('/ui/catalog/items/search', { params: { query: { q: words, ...after(token) } } })));

export const listReviews = async (item: string, token?: string): Promise<Part<Review>> =>
  part(
    await bodyOf(
      api.GET('/ui/catalog/items/{item_id}/reviews', { params: { path: { item_id: item }, query: after(token) } }),
    ),
  );

export const writeReview = (item: string, body: WriteReview) =>
  bodyOf(api.POST('/ui/catalog/items/{item_id}/reviews', { params: { path: { item_id: item } }, body }));

export const removeReview = (item: string, review: string) =>
  bodyOf(
    api.DELETE('/ui/catalog/items/{item_id}/reviews/{review_id}', {
      params: { path: { item_id: item, review_id: review } },
    }),
  );

export const addCategory = (body: AddCategory) => bodyOf(managing.POST('/ui/catalog/categories', { body }));

/** With everything that it holds. */
export const removeCategory = (category: string) =>
  bodyOf(
    managing.DELETE('/ui/catalog/categories/{category_id}', {
      params: { path: { category_id: category }, query: { cascade: true } },
    }),
  );

export const addItem = (category: string, body: AddItem) =>
  bodyOf(
    managing.POST('/ui/catalog/categories/{category_id}/items', { params: { path: { category_id: category } }, body }),
  );

const of = ({ category_id, item_id }: Item) => ({ category_id, item_id });

export const changeItem = (item: Item, body: ChangeItem) =>
  bodyOf(managing.PATCH('/ui/catalog/categories/{category_id}/items/{item_id}', { params: { path: of(item) }, body }));

/** With its reviews. */
export const removeItem = (item: Item) =>
  bodyOf(
    managing.DELETE('/ui/catalog/categories/{category_id}/items/{item_id}', {
      params: { path: of(item), query: { cascade_reviews: true } },
    }),
  );
