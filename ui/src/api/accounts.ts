// Calls about the account itself: options, sign-up, sign-in, verification, password.
import { get, post } from './client';
import type { Me, Options, SessionFinalized, SessionStarted, Token, VerificationSent } from './types';

const plain = { plain: true };

export const readOptions = () => get<Options>('/ui/options', plain);
export const readMe = () => get<Me>('/ui/me', plain);

export const signUp = (email: string, password: string, displayName: string) =>
  post<Token | VerificationSent>(
    '/auth/sign-up',
    { email, password, ...(displayName ? { display_name: displayName } : {}) },
    plain,
  );

export const signIn = (email: string, password: string) => post<Token>('/auth/sign-in', { email, password }, plain);
export const signOut = () => post<{ status: 'ok' }>('/auth/sign-out');

/** Which sign-up: by the handle that only this browser holds, or by the name in the link of its mail. */
export interface SignUpName {
  email?: string;
  sign_up_id?: string;
}

export const verifyEmail = (of: SignUpName, code: string, password?: string) =>
  post<{ status: 'ok' }>('/auth/verify-email', { ...of, code, ...(password ? { password } : {}) }, plain);

export const resendVerification = (of: SignUpName) =>
  post<{ status: 'sent'; retry_after?: number }>('/auth/verify-email/resend', of, plain);

export const startSession = (bearer: string) =>
  post<SessionStarted>('/ui/session/start', { transport: 'cookie' }, { bearer });

export const finalizeSession = (bearer: string, challengeId: string) =>
  post<SessionFinalized>('/ui/session/finalize', { challenge_id: challengeId }, { bearer });

export const changePassword = (currentPassword: string, newPassword: string) =>
  post<{ status: 'ok'; revoked: number }>('/auth/password/change', {
    current_password: currentPassword,
    new_password: newPassword,
  });
