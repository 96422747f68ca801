// A list that is read page by page: what is there stays, and more comes behind it.
import { Resource } from './resource.svelte';
import { Submission } from './submission.svelte';

interface Page {
  next_cursor?: string | null;
}

/** The name under which a page holds its rows. */
type ListOf<P> = { [K in keyof P]: P[K] extends unknown[] ? K : never }[keyof P];

export class Paged<P extends Page> extends Resource<P> {
  readonly further = new Submission();
  readonly #page: (cursor?: string) => Promise<P>;
  readonly #list: ListOf<P>;

  constructor(page: (cursor?: string) => Promise<P>, list: ListOf<P>) {
    super(() => page());
    this.#page = page;
    this.#list = list;
  }

  /** Reads the next page, unless the list was read anew meanwhile. */
  async more(): Promise<void> {
    const before = this.data;
    const cursor = before?.next_cursor;
    if (!before || !cursor) return;
    await this.further.run(async () => {
      const next = await this.#page(cursor);
      const rows = [before, next].flatMap((part) => part[this.#list] as unknown[]);
      if (this.data === before) this.data = { ...next, [this.#list]: rows };
    });
  }
}
