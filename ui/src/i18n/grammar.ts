// What sentences are made with: the plural forms of a language, and parts that are shown in a way of their own.

type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** For one language: picks the form of a count and puts the number where it says `#`. */
export function plurals(language: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replaceAll('#', numbers.format(count));
}

/** What the server says of one case in English, and the same in a language: made of the parts in parentheses. */
export type Advice = readonly (readonly [said: RegExp, text: (...parts: string[]) => string])[];

/** The server's words in the language of the advice, if it knows them. */
export function advise(advice: Advice | undefined, said: string): string | null {
  for (const [pattern, text] of advice ?? []) {
    const match = pattern.exec(said);
    if (match) return text(...match.slice(1));
  }
  return null;
}

export interface RichText {
  /** What stands before, between and after the marked parts. */
  plain: readonly string[];
  marked: string[];
}

/** A template whose every substitution is marked: as a link, in bold. In all languages they come in the same order. */
export const rich = (plain: readonly string[], ...marked: string[]): RichText => ({ plain, marked });
