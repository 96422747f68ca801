// The question "is it really you?": asked once, answered for every call that waits for the same.
import type { Action } from './api/types';

class StepUp {
  asking = $state(false);
  /** What shall be done with the proof: it decides which factors are asked for. */
  action = $state.raw<Action | null>(null);
  #answer: Promise<boolean> | null = null;
  #resolve: ((confirmed: boolean) => void) | null = null;

  async request(action: Action | null): Promise<boolean> {
    // A proof for something else may be too little, so that it is asked for afterwards.
    while (this.#answer && this.action !== action) await this.#answer;
    this.#answer ??= new Promise((resolve) => {
      this.#resolve = resolve;
      this.action = action;
      this.asking = true;
    });
    return this.#answer;
  }

  finish(confirmed: boolean): void {
    this.asking = false;
    this.#resolve?.(confirmed);
    this.#answer = null;
    this.#resolve = null;
  }
}

export const stepUp = new StepUp();
