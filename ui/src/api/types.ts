// The names that the panel uses for the generated shapes of the HTTP API.

import type { components } from './schema';

type Schemas = components['schemas'];

export type Factor = Schemas['FactorKind'];
export type Options = Schemas['Options'];
export type Token = Schemas['AccessToken'];
export type Me = Schemas['Me'];
export type Action = Schemas['Action'];
export type StepUpStarted = Schemas['StepUpStarted'];
export type Method = Schemas['Method'];
export type FactorPassed = Schemas['FactorProven'];
export type Session = Schemas['SessionView'];
export type SessionPage = Schemas['SessionList'];
export type EndReason = Schemas['EndReason'];
export type KnownDevice = Schemas['KnownDeviceView'];
export type TotpDevice = Schemas['TotpView'];
export type TotpBegun = Schemas['TotpBegun'];
export type EnrolmentBegun = Pick<Schemas['PhoneBegun'], 'challenge_id' | 'sent_to' | 'expires_at' | 'retry_after'> &
  Partial<Pick<Schemas['PhoneBegun'], 'phone_formatted'>>;
export type RemovalBegun = Schemas['RemovalBegun'];
export type RemovalProof = Schemas['ProofKind'];
export type RecoveryCount = Schemas['RecoveryStatus'];
