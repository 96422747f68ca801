// A code on its way by mail or text message: where it went, and when it may be sent again.
import { Problem } from './api/problem';
import { clock } from './clock';
import { Submission } from './submission.svelte';

interface Sent {
  sent_to?: string[];
  retry_after?: number;
}

const usualPause = 30;

export class Delivery {
  readonly submission = new Submission();
  sentTo = $state.raw<string[]>([]);
  sent = $state(false);
  #againAt = $state(0);
  readonly #send: () => Promise<Sent>;

  constructor(send: () => Promise<Sent>) {
    this.#send = send;
  }

  /** Seconds until the next code may be sent. */
  get pause(): number {
    return this.#againAt === 0 ? 0 : Math.max(0, this.#againAt - clock.now);
  }

  /** Takes note of a code that another call has already sent. */
  note(sent: Sent): void {
    this.sent = true;
    this.sentTo = sent.sent_to ?? [];
    this.#againAt = Math.floor(Date.now() / 1000) + (sent.retry_after ?? usualPause);
  }

  async send(): Promise<void> {
    if (this.pause > 0) return;
    await this.submission.run(async () => {
      try {
        this.note(await this.#send());
      } catch (error) {
        if (error instanceof Problem && error.retryAfter) {
          this.#againAt = Math.floor(Date.now() / 1000) + error.retryAfter;
        }
        throw error;
      }
    });
  }
}
