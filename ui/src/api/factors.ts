// Calls that list, add and remove authenticator apps, phone numbers and e-mail addresses.
import { bodyOf, client } from './client';
import type { EnrolmentBegun, RemovalProof } from './types';

const api = client();
const adding = client({ action: 'add_factor' });
const removing = client({ action: 'remove_factor' });

const labelled = (label: string) => (label ? { label } : {});

export const listAuthenticators = async () => (await bodyOf(api.GET('/ui/mfa/totp/devices'))).devices;
export const listPhones = async () => (await bodyOf(api.GET('/ui/mfa/sms/devices'))).devices;
export const listEmails = async () => (await bodyOf(api.GET('/ui/mfa/email/devices'))).devices;

export const beginAuthenticator = (label: string) =>
  bodyOf(adding.POST('/ui/mfa/totp/devices/begin', { body: labelled(label) }));

export const confirmAuthenticator = (id: string, code: string) =>
  bodyOf(api.POST('/ui/mfa/totp/devices/confirm', { body: { device_id: id, totp_code: code } }));

export const removeAuthenticator = (id: string) =>
  bodyOf(
    removing.POST('/ui/mfa/totp/devices/{device_id}/remove', { params: { path: { device_id: id } }, body: {} }),
  );

/** A factor whose codes we send: the two kinds share every step. */
export type SentFactor = 'sms' | 'email';

export const beginEnrolment = (factor: SentFactor, address: string, label: string): Promise<EnrolmentBegun> =>
  factor === 'sms'
    ? bodyOf(adding.POST('/ui/mfa/sms/devices/begin', { body: { phone_e164: address, ...labelled(label) } }))
    : bodyOf(adding.POST('/ui/mfa/email/devices/begin', { body: { email: address, ...labelled(label) } }));

export const confirmEnrolment = (factor: SentFactor, challengeId: string, code: string) =>
  bodyOf(api.POST(`/ui/mfa/${factor}/devices/confirm`, { body: { challenge_id: challengeId, code } }));

export const beginRemoval = (factor: SentFactor, id: string) =>
  factor === 'sms'
    ? bodyOf(
        api.POST('/ui/mfa/sms/devices/{sms_device_id}/remove/begin', { params: { path: { sms_device_id: id } } }),
      )
    : bodyOf(
        api.POST('/ui/mfa/email/devices/{email_device_id}/remove/begin', { params: { path: { email_device_id: id } } }),
      );

export const confirmRemoval = (factor: SentFactor, challengeId: string, code: string, proof: RemovalProof) =>
  bodyOf(
    api.POST(`/ui/mfa/${factor}/devices/remove/confirm`, { body: { challenge_id: challengeId, code, factor: proof } }),
  );
