// What to say about a new password while it is typed: length first, nothing about symbols.
import type { Options } from './api/types';
import { plural } from './when';

export interface PasswordHint {
  /** 0 to 1, for the bar below the field. */
  strength: number;
  enough: boolean;
  text: string;
}

export function passwordHint(password: string, email: string, rule: Options['password']): PasswordHint {
  const length = [...password].length;
  const comfortable = rule.min_length + 6;
  const strength = Math.min(1, length / comfortable);
  const name = email.split('@')[0]?.trim().toLowerCase() ?? '';
  if (length === 0) {
    return { strength, enough: false, text: `At least ${rule.min_length} characters. A few unrelated words work well.` };
  }
  if (length < rule.min_length) {
    return { strength, enough: false, text: `${plural(rule.min_length - length, 'more character')} to go.` };
  }
  if (length > rule.max_length) {
    return { strength: 1, enough: false, text: `Use at most ${plural(rule.max_length, 'character')}.` };
  }
  if (new Set(password).size < 5 || (name.length > 3 && password.toLowerCase().includes(name))) {
    return { strength: 0.4, enough: true, text: 'Long enough, but easy to guess. Add words that have nothing to do with you.' };
  }
  return length < comfortable
    ? { strength, enough: true, text: 'Long enough. Each further word makes it stronger.' }
    : { strength, enough: true, text: 'Good length.' };
}
