// Early answers about e-mail addresses and phone numbers. Only what is empty or no address at all is refused here: the
// server knows the numbering plans and has the last word.
export const emailMistake = (email: string): string | null =>
  /^[^\s@\uff20]+[@\uff20][^\s@\uff20]+$/.test(email.trim()) ? null : 'Enter an e-mail address, like name@example.com.';

export const phoneMistake = (phone: string): string | null => (phone.trim() ? null : 'Enter a phone number.');
