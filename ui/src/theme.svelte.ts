// Light or dark: the system's choice until the person makes their own.
type Mode = 'light' | 'dark';

const key = 'portcullis-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

class Theme {
  #system = $state<Mode>(system.matches ? 'dark' : 'light');
  #chosen = $state<Mode | null>(remembered());

  get mode(): Mode {
    return this.#chosen ?? this.#system;
  }

  start(): void {
    this.#show();
    system.addEventListener('change', () => {
      this.#system = system.matches ? 'dark' : 'light';
    });
  }

  toggle(): void {
    const wanted: Mode = this.mode === 'dark' ? 'light' : 'dark';
    this.#chosen = wanted === this.#system ? null : wanted;
    remember(this.#chosen);
    this.#show();
  }

  #show(): void {
    if (this.#chosen) document.documentElement.dataset['theme'] = this.#chosen;
    else delete document.documentElement.dataset['theme'];
  }
}

function remembered(): Mode | null {
  try {
    const value = localStorage.getItem(key);
    return value === 'light' || value === 'dark' ? value : null;
  } catch {
    return null;
  }
}

function remember(mode: Mode | null): void {
  try {
    if (mode) localStorage.setItem(key, mode);
    else localStorage.removeItem(key);
  } catch {
    // Storage is switched off: the choice lasts until the page is closed.
  }
}

export const theme = new Theme();
