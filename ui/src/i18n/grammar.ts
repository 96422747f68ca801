// What sentences are made with: the plural forms of a language, and parts that are shown in a way of their own.

type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** For one language: picks the form of a count and puts the number where it says `#`. */
export function plurals(language: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replaceAll('#', numbers.format(count));
}

export interface RichText {
  /** What stands before, between and after the marked parts. */
  plain: readonly string[];
  marked: string[];
}

/** A template whose every substitution is marked: as a link, in bold. In all languages they come in the same order. */
export const rich = (plain: readonly string[], ...marked: string[]): RichText => ({ plain, marked });
