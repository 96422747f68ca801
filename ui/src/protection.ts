// How well an account is protected, and the one step that would help it most.
import { listAuthenticators, listEmails, listPhones } from './api/factors';
import { countRecoveryCodes } from './api/recovery';
import { listSessions } from './api/sessions';
import type { Factor, Me, Options, RecoveryCount } from './api/types';
import { factors } from './factors';
import { paths, type Path } from './paths';

export interface Protection {
  /** How many of each kind are in use. */
  enrolled: Record<Factor, number>;
  recovery: RecoveryCount[];
  /** Of the newest page. */
  sessions: number;
  moreSessions: boolean;
}

export interface NextStep {
  state: string;
  text: string;
  action: string;
  /** Where the step is taken; verifying the e-mail happens on the spot. */
  path: Path | 'verify-email';
}

/** At this many recovery codes or fewer it is time for new ones. */
export const fewCodes = 3;

export async function readProtection(): Promise<Protection> {
  const [totp, sms, email, recovery, sessions] = await Promise.all([
    listAuthenticators(),
    listPhones(),
    listEmails(),
    countRecoveryCodes(),
    listSessions(),
  ]);
  const enabled = (list: { enabled: boolean }[]) => list.filter((one) => one.enabled).length;
  const now = Date.now() / 1000;
  return {
    enrolled: { totp: enabled(totp), sms: enabled(sms), email: enabled(email) },
    recovery,
    sessions: sessions.sessions.filter((one) => !one.revoked && one.expires_at > now).length,
    moreSessions: sessions.next_cursor !== null,
  };
}

/** The counts of the kinds of code that are in use. */
export const countsInUse = ({ enrolled, recovery }: Protection): RecoveryCount[] =>
  recovery.filter((count) => enrolled[count.factor] > 0);

export function nextStep(me: Me, protection: Protection, options: Options | null): NextStep | null {
  const { enrolled } = protection;
  const low = countsInUse(protection).find((count) => count.remaining <= fewCodes);
  if (enrolled.totp + enrolled.sms + enrolled.email === 0) {
    return {
      state: 'Only your password protects this account',
      text: 'Add an authenticator app, and a stolen password alone opens nothing. It takes about a minute.',
      action: 'Add an authenticator app',
      path: paths.authenticators,
    };
  }
  if (low) {
    return {
      state: low.remaining === 0 ? 'You have no recovery codes left' : 'You are running out of recovery codes',
      text: `Create new codes for “${factors[low.factor].name}”, so that a lost device does not lock you out.`,
      action: 'Create new codes',
      path: paths.recoveryCodes,
    };
  }
  if (!me.email_verified && options?.channels.email !== false) {
    return {
      state: 'Your e-mail address is not verified',
      text: 'Enter the code we mailed you. Then we can reach you when something happens to your account.',
      action: 'Verify e-mail',
      path: 'verify-email',
    };
  }
  if (enrolled.totp === 0) {
    return {
      state: 'Your account is protected',
      text: 'An authenticator app would make it safer still: its codes cannot be caught on the way to you.',
      action: 'Add an authenticator app',
      path: paths.authenticators,
    };
  }
  return null;
}
