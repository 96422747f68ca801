// The development mailbox: where the codes of a test's own addresses arrive.
import { expect, type APIRequestContext } from '@playwright/test';

interface Message {
  id: string;
  subject: string | null;
  text: string;
}

export class Mailbox {
  readonly #read = new Set<string>();
  readonly #request: APIRequestContext;
  readonly address: string;

  constructor(request: APIRequestContext, to: string) {
    this.#request = request;
    this.address = to;
  }

  /** Waits for a message that was not read before and returns the 6-digit code in it. */
  async code(): Promise<string> {
    let code = '';
    await expect
      .poll(async () => (code = await this.#unread(/\b\d{6}\b/)), { message: `a new code for ${this.address}` })
      .toMatch(/^\d{6}$/);
    return code;
  }

  /** Waits for a message that was not read before and returns the link in it. */
  async link(): Promise<string> {
    let link = '';
    await expect
      .poll(async () => (link = await this.#unread(/https?:\/\/\S+#\S+/)), { message: `a new link for ${this.address}` })
      .toMatch(/^http/);
    return link;
  }

  /** What the newest message holds of this, if nobody read it before. */
  async #unread(wanted: RegExp): Promise<string> {
    const answer = await this.#request.get('/dev/mailbox', { params: { to: this.address } });
    if (!answer.ok()) return `status ${answer.status()}`;
    const { messages } = (await answer.json()) as { messages: Message[] };
    const message = messages.find((one) => !this.#read.has(one.id));
    const found = message && wanted.exec(`${message.text}\n${message.subject ?? ''}`)?.[0];
    if (!found) return 'no new message';
    for (const one of messages) this.#read.add(one.id);
    return found;
  }
}
