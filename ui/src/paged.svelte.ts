// A list that is read page by page: what is there stays, and more comes behind it.
import { Resource } from './resource.svelte';
import { Submission } from './submission.svelte';

interface Page {
  next_cursor?: string | null;
}

export class Paged<P extends Page> extends Resource<P> {
  readonly further = new Submission();
  readonly #page: (cursor?: string) => Promise<P>;
  readonly #join: (before: P, next: P) => P;

  constructor(page: (cursor?: string) => Promise<P>, join: (before: P, next: P) => P) {
    super(() => page());
    this.#page = page;
    this.#join = join;
  }

  /** Reads the next page, unless the list was read anew meanwhile. */
  async more(): Promise<void> {
    const before = this.data;
    const cursor = before?.next_cursor;
    if (!before || !cursor) return;
    await this.further.run(async () => {
      const next = await this.#page(cursor);
      if (this.data === before) this.data = this.#join(before, next);
    });
  }
}
