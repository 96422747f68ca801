// A sign-up that waits for its code: the address bar names it, so that a reload goes on where it was.
import { paths } from './paths';
import { router } from './router.svelte';

/** Whether this page itself had the mail sent: a reload may ask for another one at once. */
let sentHere = false;

/** Leads to the page that takes the code. */
export function waitForCode(email: string, signUpId: string | null, justSent: boolean): void {
  sentHere = justSent;
  const fields = new URLSearchParams({ email, ...(signUpId ? { sign_up_id: signUpId } : {}) });
  router.go(`${paths.verifyEmail}#${fields.toString()}`);
}

/** What the sign-up on this page is known by; the link in a mail brings its code. */
export function signUpHere() {
  const fields = new URLSearchParams(location.hash.slice(1));
  const signUpId = fields.get('sign_up_id');
  return {
    signUpId,
    email: fields.get('email'),
    code: fields.get('code') ?? '',
    /** A handle has two parts; the link in a mail names the sign-up alone. */
    foreign: signUpId !== null && !signUpId.includes('.'),
    justSent: sentHere,
  };
}
