// Calls for somebody who forgot the password.
import { bodyOf, client } from './client';

const open = client({ plain: true });

/** The browser is known by a cookie from then on. */
const proof = (id: string, code: string) =>
  ({ challenge_id: id, confirmation_code: code, transport: 'cookie' }) as const;

export const startRecovery = (email: string) =>
  bodyOf(open.POST('/ui/password-recovery/start', { body: { username: email } }));

export const verifyRecovery = (id: string, code: string) =>
  bodyOf(open.POST('/ui/password-recovery/verify', { body: proof(id, code) }));

export const confirmRecovery = (id: string, code: string, password: string) =>
  bodyOf(open.POST('/ui/password-recovery/confirm', { body: { ...proof(id, code), new_password: password } }));
