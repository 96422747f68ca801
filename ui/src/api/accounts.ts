// Calls about the account itself: options, sign-up, sign-in, verification, password.
import { bodyOf, client } from './client';

const open = client({ plain: true });

export const readOptions = () => bodyOf(open.GET('/ui/options'));
export const readMe = () => bodyOf(open.GET('/ui/me'));

export const signUp = (email: string, password: string, displayName: string) =>
  bodyOf(
    open.POST('/auth/sign-up', { body: { email, password, ...(displayName ? { display_name: displayName } : {}) } }),
  );

export const signIn = (email: string, password: string) =>
  bodyOf(open.POST('/auth/sign-in', { body: { email, password } }));

export const signOut = () => bodyOf(client().POST('/auth/sign-out'));

/** Which sign-up: by the handle that only this browser holds, or by the name in the link of its mail. */
export type SignUpName = { email: string } | { email?: string; sign_up_id: string };

export const verifyEmail = (of: SignUpName, code: string, password?: string) =>
  bodyOf(open.POST('/auth/verify-email', { body: { ...of, code, ...(password ? { password } : {}) } }));

export const resendVerification = (of: SignUpName) =>
  bodyOf(open.POST('/auth/verify-email/resend', { body: of }));

export const startSession = (bearer: string) =>
  bodyOf(client({ bearer }).POST('/ui/session/start', { body: { transport: 'cookie' } }));

export const finalizeSession = (bearer: string, challengeId: string) =>
  bodyOf(client({ bearer }).POST('/ui/session/finalize', { body: { challenge_id: challengeId } }));

export const changePassword = (currentPassword: string, newPassword: string) =>
  bodyOf(
    client().POST('/auth/password/change', {
      body: { current_password: currentPassword, new_password: newPassword },
    }),
  );
