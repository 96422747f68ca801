// Calls for somebody who forgot the password.
import { post } from './client';
import type { RecoveryStanding, RecoveryStarted } from './types';

const plain = { plain: true };
const routes = '/ui/password-recovery';

export const startRecovery = (email: string) => post<RecoveryStarted>(`${routes}/start`, { username: email }, plain);

export const verifyRecovery = (id: string, code: string) =>
  post<RecoveryStanding>(`${routes}/verify`, { challenge_id: id, confirmation_code: code }, plain);

export const confirmRecovery = (id: string, code: string, password: string) =>
  post<{ status: 'ok' }>(
    `${routes}/confirm`,
    { challenge_id: id, confirmation_code: code, new_password: password },
    plain,
  );
