// Calls about recovery codes.
import { get, post } from './client';
import type { Factor, RecoveryCount, RecoveryIssued } from './types';

export const countRecoveryCodes = () =>
  get<{ factors: RecoveryCount[] }>('/ui/mfa/recovery').then((answer) => answer.factors);

export const issueRecoveryCodes = (factor: Factor) =>
  post<RecoveryIssued>(`/ui/mfa/recovery/${factor}/regenerate`, {}, { action: 'regenerate_recovery_codes' });
