// Calls about closing the account.
import { bodyOf, client } from './client';

const api = client();

export const readClosure = () => bodyOf(api.GET('/ui/account/closure'));

/** Asks for a fresh proof where there is none. */
export const closeAccount = () => bodyOf(api.POST('/ui/account/closure/finalize', { body: {} }));

export const keepAccount = () => bodyOf(api.POST('/ui/account/closure/cancel'));
