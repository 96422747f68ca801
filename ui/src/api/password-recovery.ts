// Calls for somebody who forgot the password.
import { post } from './client';
import type { RecoveryStanding, RecoveryStarted } from './types';

const plain = { plain: true };
const routes = '/ui/password-recovery';

/** The browser is known by a cookie from then on. */
const proof = (id: string, code: string) => ({ challenge_id: id, confirmation_code: code, transport: 'cookie' });

export const startRecovery = (email: string) => post<RecoveryStarted>(`${routes}/start`, { username: email }, plain);

export const verifyRecovery = (id: string, code: string) =>
  post<RecoveryStanding>(`${routes}/verify`, { ...proof(id, code) }, plain);

export const confirmRecovery = (id: string, code: string, password: string) =>
  post<{ status: 'ok' }>(
    `${routes}/confirm`,
    { ...proof(id, code), new_password: password },
    plain,
  );
