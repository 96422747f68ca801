// How codes that people type or paste become what the server expects.
import { t } from './i18n/language.svelte';

/** A six-digit code, whatever spaces and dashes came with it. Digits of every script and width are digits. */
export const sixDigits = (typed: string): string => typed.normalize('NFKC').replace(/\P{Nd}/gu, '').slice(0, 6);

/** A recovery code: lower case, plain dashes, no spaces; dashes are put back where they are missing. */
export function recoveryCode(typed: string): string {
  const plain = typed.normalize('NFKC').toLowerCase().replace(/[\u2010-\u2015\u2212]/g, '-').replace(/\s/g, '');
  return /^[0-9a-f]{12}$/.test(plain) ? plain.replace(/(.{4})(?=.)/g, '$1-') : plain;
}

/** What is wrong with a six-digit code before it is sent, if anything. */
export const sixDigitsMistake = (code: string): string | null =>
  code.length === 6 ? null : t.mistakes.code;
