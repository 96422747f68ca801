// How well an account is protected, and the one step that would help it most.
import { listAuthenticators, listEmails, listPhones } from './api/factors';
import { countRecoveryCodes } from './api/recovery';
import { listSessions } from './api/sessions';
import type { Factor, Me, Options, RecoveryCount } from './api/types';
import { t } from './i18n/language.svelte';
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
  const say = t.standing;
  const addApp = { action: t.authenticators.addTitle, path: paths.authenticators };
  if (enrolled.totp + enrolled.sms + enrolled.email === 0) {
    return { state: say.passwordOnly, text: say.passwordOnlyText, ...addApp };
  }
  if (low) {
    return {
      state: low.remaining === 0 ? say.noCodes : say.fewCodes,
      text: say.codesText(t.factors[low.factor].name),
      action: t.recoveryCodes.create,
      path: paths.recoveryCodes,
    };
  }
  if (!me.email_verified && options?.channels.email !== false) {
    return { state: say.unverified, text: say.unverifiedText, action: t.verifyEmail.submit, path: 'verify-email' };
  }
  return enrolled.totp === 0 ? { state: say.fair, text: say.fairText, ...addApp } : null;
}
