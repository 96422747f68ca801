// One form or button that calls the server: busy while it waits, then a problem or nothing.
import { tick } from 'svelte';
import { Problem } from './api/problem';

type Checks = Record<string, string | null | false>;

export class Submission {
  busy = $state(false);
  problem = $state.raw<Problem | null>(null);
  #checks = $state.raw<Checks>({});

  /** The sentence to show at a field, from our own check or from the server. */
  at(field: string): string | null {
    return this.#checks[field] || this.problem?.field(field) || null;
  }

  /** True when every problem is shown at a field of the form. */
  shownAtFields(...fields: string[]): boolean {
    const errors = this.problem?.errors ?? [];
    return errors.length > 0 && errors.every((error) => fields.includes(error.pointer.slice(1)));
  }

  /** Runs the call unless one is running or a check fails; true when it succeeded. */
  async run(call: () => Promise<void>, checks: Checks = {}): Promise<boolean> {
    if (this.busy) return false;
    this.problem = null;
    this.#checks = checks;
    if (Object.values(checks).some(Boolean)) {
      await focusFirstMistake();
      return false;
    }
    this.busy = true;
    try {
      await call();
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!error.told) this.problem = error;
      await focusFirstMistake();
      return false;
    } finally {
      this.busy = false;
    }
  }

  clear(): void {
    this.problem = null;
    this.#checks = {};
  }
}

async function focusFirstMistake(): Promise<void> {
  await tick();
  const dialogs = document.querySelectorAll('dialog[open]');
  const top = dialogs.item(dialogs.length - 1) ?? document;
  top.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
