// Calls about the places where the account is signed in.
import { get, post } from './client';
import type { Session } from './types';

export const listSessions = () => get<{ sessions: Session[] }>('/ui/sessions').then((answer) => answer.sessions);

export const revokeSession = (id: string) => post<{ status: 'ok' }>('/ui/sessions/revoke', { session_id: id });

export const revokeOtherSessions = () => post<{ status: 'ok'; revoked: number }>('/ui/sessions/revoke_others');
