// The language of the panel: the person's choice, else the first of the browser's languages that we speak.
import { en, type Messages } from './messages/en';

const key = 'portcullis-language';
const rightToLeft = new Set(['ar', 'arc', 'ckb', 'dv', 'fa', 'he', 'ps', 'sd', 'ug', 'ur', 'yi']);

/** Every language but English is fetched when it is wanted. A file more in the folder is a language more. */
const files = import.meta.glob<Messages>(['./messages/*.ts', '!./messages/en.ts'], { import: 'messages' });

const catalogues = new Map<string, () => Promise<Messages>>([['en', () => Promise.resolve(en)]]);
for (const [path, load] of Object.entries(files)) catalogues.set(path.replace(/^.*\/|\.ts$/g, ''), load);

/** What is spoken, each by its own name. */
export const languages = [...catalogues.keys()].sort().map((code) => ({
  code,
  name: new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code,
}));

class Language {
  code = $state('en');
  messages = $state.raw<Messages>(en);

  /** The language with the region that the person's browser names, for dates and numbers. */
  readonly locale = $derived(navigator.languages.find((tag) => base(tag) === this.code) ?? this.code);

  /** Shows the panel in the person's language; English where it cannot be fetched. */
  async start(): Promise<void> {
    const wanted = [remembered(), ...navigator.languages.map(base)].find((code) => code && catalogues.has(code));
    await this.#show(wanted ?? 'en').catch(() => this.#show('en'));
  }

  /** Changes the language for good. Rejects when it cannot be fetched: nothing is changed then. */
  async choose(code: string): Promise<void> {
    await this.#show(code);
    remember(code);
  }

  async #show(code: string): Promise<void> {
    const load = catalogues.get(code);
    if (!load) return;
    this.messages = await load();
    this.code = code;
    document.documentElement.lang = code;
    document.documentElement.dir = rightToLeft.has(code) ? 'rtl' : 'ltr';
  }
}

const base = (tag: string): string => tag.split('-', 1)[0]?.toLowerCase() ?? tag;

function remembered(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(code: string): void {
  try {
    localStorage.setItem(key, code);
  } catch {
    // Storage is switched off: the choice lasts until the page is closed.
  }
}

export const language = new Language();

/** The messages of the language that is shown, area by area; whoever reads them in a component follows a change. */
export const t: Messages = new Proxy(en, { get: (_, area) => Reflect.get(language.messages, area) as unknown });
