// The question "is it really you?": asked once, answered for every call that waits for the same.
import type { StepUpOutcome } from './api/client';
import type { Action } from './api/types';

class StepUp {
  asking = $state(false);
  /** What shall be done with the proof: it decides which factors are asked for. */
  action = $state.raw<Action | null>(null);
  #answer: Promise<StepUpOutcome> | null = null;
  #resolve: ((outcome: StepUpOutcome) => void) | null = null;

  async request(action: Action | null): Promise<StepUpOutcome> {
    if (this.#answer && this.action !== action) {
      // A proof for something else may do: the call is tried again before anything more is asked. Who declined is left alone.
      return (await this.#answer) === 'declined' ? 'declined' : 'proven-otherwise';
    }
    this.#answer ??= new Promise((resolve) => {
      this.#resolve = resolve;
      this.action = action;
      this.asking = true;
    });
    return this.#answer;
  }

  finish(proven: boolean): void {
    this.asking = false;
    this.#resolve?.(proven ? 'proven' : 'declined');
    this.#answer = null;
    this.#resolve = null;
  }
}

export const stepUp = new StepUp();
