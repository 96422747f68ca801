// Calls that prove a factor: during sign-in with an access token, during step-up with the session, and for a new password
// with nothing but the challenge.
import { post, type CallSettings } from './client';
import type { Action, CodeSent, Factor, FactorPassed, StepUpStarted } from './types';

/** A challenge that waits for proofs. While signing in it carries the access token. */
export interface Challenge {
  id: string;
  bearer?: string;
  /** It belongs to a forgotten password. */
  recovering?: boolean;
}

/** What every proof is answered with, and what only some are. */
export type Proof = Pick<FactorPassed, 'remaining_factors'> & Partial<FactorPassed>;

const settings = ({ bearer, recovering }: Challenge): CallSettings =>
  bearer ? { bearer } : recovering ? { plain: true } : {};

const routes = ({ recovering }: Challenge): string => (recovering ? '/ui/password-recovery/challenge' : '/ui/mfa');

/** For one action, or, where that is not known, for whichever asks for the most. */
export const startStepUp = (action: Action | null) =>
  post<StepUpStarted>('/ui/step-up/start', action ? { action } : {});

export const stepUpWithPassword = (password: string) =>
  post<{ status: 'ok'; step_up_until: number }>('/ui/step-up/password', { password });

/** To one device, or to all of the kind. */
export const sendCode = (challenge: Challenge, factor: 'sms' | 'email', device: string | null) =>
  post<CodeSent>(
    `${routes(challenge)}/${factor}/begin`,
    { challenge_id: challenge.id, ...(device ? { [`${factor}_device_id`]: device } : {}) },
    settings(challenge),
  );

/** `trust`: whether sign-ins with this browser shall not ask for a factor for a while. */
export const proveFactor = (challenge: Challenge, factor: Factor, code: string, trust: boolean) =>
  post<Proof>(
    `${routes(challenge)}/${factor}/verify`,
    {
      challenge_id: challenge.id,
      ...(factor === 'totp' ? { totp_code: code } : { code }),
      ...(trust ? { trust_device: true } : {}),
    },
    settings(challenge),
  );

export const proveWithRecoveryCode = (challenge: Challenge, factor: Factor, code: string) =>
  post<Proof>(
    `${routes(challenge)}/recovery${challenge.recovering ? '' : `/${factor}`}`,
    { challenge_id: challenge.id, recovery_code: code, ...(challenge.recovering ? { factor } : {}) },
    settings(challenge),
  );
