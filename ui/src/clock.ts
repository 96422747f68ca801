// The current second, for texts that grow older while they are on the screen.
import { createSubscriber } from 'svelte/reactivity';

class Clock {
  readonly #subscribe = createSubscriber((update) => {
    const timer = setInterval(update, 1000);
    return () => clearInterval(timer);
  });

  /** Unix seconds; whoever reads it in a component is updated every second. */
  get now(): number {
    this.#subscribe();
    return Math.floor(Date.now() / 1000);
  }
}

export const clock = new Clock();
