// Calls that prove a factor: during sign-in with an access token, during step-up with the session.
import { post, type CallSettings } from './client';
import type { CodeSent, Factor, FactorPassed, StepUpStarted } from './types';

/** A challenge that waits for proofs. While signing in it carries the access token. */
export interface Challenge {
  id: string;
  bearer?: string;
}

const settings = ({ bearer }: Challenge): CallSettings => (bearer ? { bearer } : {});

export const startStepUp = () => post<StepUpStarted>('/ui/step-up/start');

export const stepUpWithPassword = (password: string) =>
  post<{ status: 'ok'; step_up_until: number }>('/ui/step-up/password', { password });

export const sendCode = (challenge: Challenge, factor: 'sms' | 'email') =>
  post<CodeSent>(`/ui/mfa/${factor}/begin`, { challenge_id: challenge.id }, settings(challenge));

export const proveFactor = (challenge: Challenge, factor: Factor, code: string) =>
  post<FactorPassed>(
    `/ui/mfa/${factor}/verify`,
    { challenge_id: challenge.id, ...(factor === 'totp' ? { totp_code: code } : { code }) },
    settings(challenge),
  );

export const proveWithRecoveryCode = (challenge: Challenge, factor: Factor, code: string) =>
  post<FactorPassed>(
    `/ui/mfa/recovery/${factor}`,
    { challenge_id: challenge.id, recovery_code: code },
    settings(challenge),
  );
