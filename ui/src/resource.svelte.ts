// What a page shows: still loading, loaded, or a problem that can be tried again.
import { unexpectedProblem, type Problem } from './api/problem';

export class Resource<T> {
  data = $state.raw<T | null>(null);
  problem = $state.raw<Problem | null>(null);
  loading = $state(false);
  readonly #read: () => Promise<T>;

  constructor(read: () => Promise<T>) {
    this.#read = read;
    void this.load();
  }

  /** Reads again; what is already on the screen stays until the answer is here. */
  async load(): Promise<void> {
    this.loading = true;
    try {
      this.data = await this.#read();
      this.problem = null;
    } catch (error) {
      this.problem = unexpectedProblem(error);
    } finally {
      this.loading = false;
    }
  }
}
