// Calls about what is owed and paid: one's own, and as an operator somebody else's.
import { bodyOf, client } from './client';
import type { EntryKind, EntryPage } from './types';

const api = client();

/** Which entries are asked for. */
export interface EntryQuery {
  currency: string;
  kind?: EntryKind;
  cursor?: string;
}

/** Entries in a page. */
const limit = 25;

export const readBalances = async () => (await bodyOf(api.GET('/api/billing/balance'))).balances;

export const listEntries = (query: EntryQuery): Promise<EntryPage> =>
  bodyOf(api.GET('/api/billing/ledger', { params: { query: { ...query, limit } } }));

export const readCustomer = (subject: string) =>
  bodyOf(api.GET('/api/operator/billing/customers/{user_sub}', { params: { path: { user_sub: subject } } }));

export const listCustomerEntries = (subject: string, query: EntryQuery): Promise<EntryPage> =>
  bodyOf(
    api.GET('/api/operator/billing/customers/{user_sub}/ledger', {
      params: { path: { user_sub: subject }, query: { ...query, limit } },
    }),
  );
