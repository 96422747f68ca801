// Calls that prove a factor: during sign-in with an access token, during step-up with the session, and for a new password
// with nothing but the challenge.
import { bodyOf, client } from './client';
import type { SentFactor } from './factors';
import type { Action, Factor, FactorPassed } from './types';

/** A challenge that waits for proofs. While signing in it carries the access token. */
export interface Challenge {
  id: string;
  bearer?: string;
  /** It belongs to a forgotten password. */
  recovering?: boolean;
}

/** What every proof is answered with, and what only some are. */
export type Proof = Pick<FactorPassed, 'remaining_factors'> & Partial<FactorPassed>;

const clientOf = ({ bearer, recovering }: Challenge) =>
  client(bearer ? { bearer } : recovering ? { plain: true } : {});

/** For one action, or, where that is not known, for whichever asks for the most. */
export const startStepUp = (action: Action | null) =>
  bodyOf(client().POST('/ui/step-up/start', { body: action ? { action } : {} }));

export const stepUpWithPassword = (password: string) =>
  bodyOf(client().POST('/ui/step-up/password', { body: { password } }));

/** To one device, or to all of the kind. */
export const sendCode = (challenge: Challenge, factor: SentFactor, device: string | null) => {
  const body = { challenge_id: challenge.id, ...(device ? { [`${factor}_device_id`]: device } : {}) };
  const api = clientOf(challenge);
  return challenge.recovering
    ? bodyOf(api.POST(`/ui/password-recovery/challenge/${factor}/begin`, { body }))
    : bodyOf(api.POST(`/ui/mfa/${factor}/begin`, { body }));
};

/** `trust`: whether sign-ins with this browser shall not ask for a factor for a while. */
export const proveFactor = (challenge: Challenge, factor: Factor, code: string, trust: boolean): Promise<Proof> => {
  const body = { challenge_id: challenge.id, code };
  const api = clientOf(challenge);
  return challenge.recovering
    ? bodyOf(api.POST(`/ui/password-recovery/challenge/${factor}/verify`, { body }))
    : bodyOf(api.POST(`/ui/mfa/${factor}/verify`, { body: { ...body, trust_device: trust } }));
};

export const proveWithRecoveryCode = (challenge: Challenge, factor: Factor, code: string): Promise<Proof> => {
  const body = { challenge_id: challenge.id, recovery_code: code };
  const api = clientOf(challenge);
  return challenge.recovering
    ? bodyOf(api.POST('/ui/password-recovery/challenge/recovery', { body: { ...body, factor } }))
    : bodyOf(api.POST('/ui/mfa/recovery/{factor}', { params: { path: { factor } }, body }));
};
