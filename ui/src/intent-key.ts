// The Idempotency-Key of what somebody wants: the same for every try of it, so that a lost answer pays nothing twice.
import { Problem } from './api/problem';

export class IntentKey {
  #key = '';
  #wanted = '';
  readonly #settling: Set<string>;

  /**
   * `settling` names the refusals after which nothing was done and the key is used up, so that whoever tries again wants
   * something new. After any other, also where nobody answered, the same key goes on with what was begun.
   */
  constructor(...settling: string[]) {
    this.#settling = new Set(['idempotency-key-reused', ...settling]);
  }

  /** Makes the call with the key of this request: a new one if something else was wanted before, or if that is settled. */
  async use<B, T>(body: B, call: (key: string, body: B) => Promise<T>): Promise<T> {
    const wanted = JSON.stringify(body);
    if (wanted !== this.#wanted) {
      this.#wanted = wanted;
      this.#key = random();
    }
    try {
      const answer = await call(this.#key, body);
      this.#wanted = '';
      return answer;
    } catch (error) {
      if (error instanceof Problem && this.#settling.has(error.code)) this.#wanted = '';
      throw error;
    }
  }
}

/** 128 bits; `crypto.randomUUID` is not there on pages without TLS. */
function random(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
