// Early answers about e-mail addresses and phone numbers. Only what is empty or no address at all is refused here: the
// server knows the numbering plans and has the last word.
import { t } from './i18n/language.svelte';

export const emailMistake = (email: string): string | null =>
  /^[^\s@\uff20]+[@\uff20][^\s@\uff20]+$/.test(email.trim()) ? null : t.mistakes.email;

export const phoneMistake = (phone: string): string | null => (phone.trim() ? null : t.missing.phone);
