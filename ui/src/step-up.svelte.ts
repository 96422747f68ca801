// The question "is it really you?": asked once, answered for every call that waits for it.
class StepUp {
  asking = $state(false);
  #answer: Promise<boolean> | null = null;
  #resolve: ((confirmed: boolean) => void) | null = null;

  request(): Promise<boolean> {
    this.#answer ??= new Promise((resolve) => {
      this.#resolve = resolve;
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
