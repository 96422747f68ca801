// Why a session has ended, in words for the sign-in page.
import type { Problem } from './api/problem';
import type { EndReason } from './api/types';

const sentences: Record<EndReason, string> = {
  idle: 'Your session has ended because it was not used for a while.',
  expired: 'Your session has ended because it reached its longest duration.',
  signed_out: 'You signed out of this session.',
  revoked: 'Your session has ended: it was signed out from another place.',
  others_ended: 'Your session has ended: all others were signed out from another place.',
  password_changed: 'Your session has ended because the password was changed.',
  password_recovered: 'Your session has ended because a forgotten password was replaced.',
  too_many: 'Your session has ended because your account is signed in in too many places.',
  all_ended: 'Your session has ended: the operator signed everybody out.',
  backup_restored: 'Your session has ended because the service was restored from a backup.',
};

const isReason = (word: string): word is EndReason => Object.hasOwn(sentences, word);

/** Why the session ended, if the server says so. */
export function whyItEnded(problem: Problem | null): string | null {
  const reason = problem?.reason;
  return reason && isReason(reason) ? sentences[reason] : null;
}
