// Early answers about e-mail addresses and phone numbers; the server has the last word.
export const emailMistake = (email: string): string | null =>
  /^[^\s@]+@[^\s@]+$/.test(email.trim()) ? null : 'Enter an e-mail address, like name@example.com.';

export const phoneMistake = (phone: string): string | null =>
  /^\+\d{7,15}$/.test(phoneNumber(phone))
    ? null
    : 'Enter the number with its country code, like +49 151 23456789.';

export function phoneNumber(typed: string): string {
  const number = typed.replace(/[\s().\-/]/g, '');
  return number.startsWith('00') ? `+${number.slice(2)}` : number;
}
