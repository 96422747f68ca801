// The names that the panel uses for the generated shapes of the HTTP API.

import type { components } from './schema';

type Schemas = components['schemas'];

export type Factor = Schemas['FactorKind'];
export type Options = Schemas['Options'];
export type Token = Schemas['AccessToken'];
export type VerificationSent = Schemas['VerificationSent'];
export type Me = Schemas['Me'];
export type SessionStarted = Schemas['SessionStarted'];
export type SessionFinalized = Schemas['Finalized'];
export type Action = Schemas['Action'];
export type StepUpStarted = Schemas['StepUpStarted'];
export type Method = Schemas['Method'];
export type FactorPassed = Schemas['FactorProven'];
export type CodeSent = Schemas['CodesSent'];
export type Session = Schemas['SessionView'];
export type SessionPage = Schemas['SessionList'];
export type EndReason = Schemas['EndReason'];
export type KnownDevice = Schemas['KnownDeviceView'];
export type TotpDevice = Schemas['TotpView'];
export type TotpBegun = Schemas['TotpBegun'];
export type SmsDevice = Schemas['PhoneView'];
export type EmailDevice = Schemas['EmailView'];
export type EnrolmentBegun = Pick<Schemas['PhoneBegun'], 'challenge_id' | 'sent_to' | 'expires_at' | 'retry_after'> &
  Partial<Pick<Schemas['PhoneBegun'], 'phone_formatted'>>;
export type Enrolled = Pick<Schemas['TotpConfirmed'], 'ok' | 'recovery_codes'>;
export type RemovalBegun = Schemas['RemovalBegun'];
export type RemovalProof = Schemas['ProofKind'];
export type RecoveryCount = Schemas['RecoveryStatus'];
export type RecoveryStarted = Schemas['RecoveryStarted'];
export type RecoveryStanding = Schemas['RecoveryStanding'];
export type RecoveryIssued = Schemas['RecoveryCodes'];
