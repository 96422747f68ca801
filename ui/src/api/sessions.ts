// Calls about the places where the account is signed in.
import { get, post } from './client';
import type { SessionPage } from './types';

/** The newest sessions, so many pages of them. */
export async function listSessions(pages: number): Promise<SessionPage> {
  let list = await get<SessionPage>('/ui/sessions');
  for (let page = 1; page < pages && list.next_cursor; page += 1) {
    const next = await get<SessionPage>(`/ui/sessions?cursor=${encodeURIComponent(list.next_cursor)}`);
    list = { ...next, sessions: [...list.sessions, ...next.sessions] };
  }
  return list;
}

export const revokeSession = (id: string) => post<{ status: 'ok' }>('/ui/sessions/revoke', { session_id: id });

export const revokeOtherSessions = () => post<{ status: 'ok'; revoked: number }>('/ui/sessions/revoke_others');
