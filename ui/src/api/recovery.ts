// Calls about recovery codes.
import { bodyOf, client } from './client';
import type { Factor } from './types';

export const countRecoveryCodes = async () => (await bodyOf(client().GET('/ui/mfa/recovery'))).factors;

export const issueRecoveryCodes = (factor: Factor) =>
  bodyOf(
    client({ action: 'regenerate_recovery_codes' }).POST('/ui/mfa/recovery/{factor}/regenerate', {
      params: { path: { factor } },
    }),
  );
