// Calls that list, add and remove authenticator apps, phone numbers and e-mail addresses.
import { get, post } from './client';
import type { EmailDevice, Enrolled, EnrolmentBegun, RemovalBegun, SmsDevice, TotpBegun, TotpDevice } from './types';

const at = (id: string) => encodeURIComponent(id);
const labelled = (label: string) => (label ? { label } : {});

const devices = <T>(factor: string) =>
  get<{ devices: T[] }>(`/ui/mfa/${factor}/devices`).then((answer) => answer.devices);

export const listAuthenticators = () => devices<TotpDevice>('totp');
export const listPhones = () => devices<SmsDevice>('sms');
export const listEmails = () => devices<EmailDevice>('email');

export const beginAuthenticator = (label: string) =>
  post<TotpBegun>('/ui/mfa/totp/devices/begin', labelled(label), { action: 'add_factor' });

export const confirmAuthenticator = (id: string, code: string) =>
  post<Enrolled>('/ui/mfa/totp/devices/confirm', { device_id: id, totp_code: code });

export const removeAuthenticator = (id: string) =>
  post<{ ok: true }>(`/ui/mfa/totp/devices/${at(id)}/remove`, {}, { action: 'remove_factor' });

/** A factor whose codes we send: the two kinds share every step. */
export type SentFactor = 'sms' | 'email';

export const beginEnrolment = (factor: SentFactor, address: string, label: string) =>
  post<EnrolmentBegun>(
    `/ui/mfa/${factor}/devices/begin`,
    { ...(factor === 'sms' ? { phone_e164: address } : { email: address }), ...labelled(label) },
    { action: 'add_factor' },
  );

export const confirmEnrolment = (factor: SentFactor, challengeId: string, code: string) =>
  post<Enrolled>(`/ui/mfa/${factor}/devices/confirm`, { challenge_id: challengeId, code });

export const beginRemoval = (factor: SentFactor, id: string) =>
  post<RemovalBegun>(`/ui/mfa/${factor}/devices/${at(id)}/remove/begin`);

export const confirmRemoval = (factor: SentFactor, challengeId: string, code: string, proof: string) =>
  post<{ ok: true }>(`/ui/mfa/${factor}/devices/remove/confirm`, { challenge_id: challengeId, code, factor: proof });
