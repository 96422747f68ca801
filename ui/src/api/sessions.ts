// Calls about the places where the account is signed in.
import { bodyOf, client } from './client';

const api = client();

/** The newest sessions, or those after a page that was read before. */
export const listSessions = (cursor?: string) =>
  bodyOf(api.GET('/ui/sessions', cursor ? { params: { query: { cursor } } } : {}));

export const revokeSession = (id: string) => bodyOf(api.POST('/ui/sessions/revoke', { body: { session_id: id } }));

export const revokeOtherSessions = () => bodyOf(api.POST('/ui/sessions/revoke_others'));
