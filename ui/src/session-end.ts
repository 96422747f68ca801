// Why a session has ended, in words for the sign-in page.
import type { Problem } from './api/problem';
import type { EndReason } from './api/types';
import { t } from './i18n/language.svelte';

const isReason = (word: string): word is EndReason => Object.hasOwn(t.sessionEnd, word);

/** Why the session ended, if the server says so. */
export function whyItEnded(problem: Problem | null): string | null {
  const reason = problem?.reason;
  return reason && isReason(reason) ? t.sessionEnd[reason] : null;
}
