// An authenticator app: six-digit codes from a base32 secret, each time step used once.
import { createHmac } from 'node:crypto';
import { expect } from '@playwright/test';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const period = 30;

export class Authenticator {
  readonly #key: Buffer;
  #last = 0;

  constructor(secret: string) {
    const letters = secret.replace(/[\s=]/g, '').toUpperCase();
    const bits = [...letters].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
    this.#key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  }

  /** A code that the server has not seen yet: of this step or the next one, which it accepts as well. */
  async next(): Promise<string> {
    const step = Math.max(this.#last + 1, currentStep());
    await expect.poll(() => currentStep() + 1, { timeout: 2 * period * 1000 }).toBeGreaterThanOrEqual(step);
    this.#last = step;
    return this.#at(step);
  }

  /** A code that is wrong now and stays wrong for the next minutes. */
  wrong(): string {
    const step = currentStep();
    const near = new Set([-2, -1, 0, 1, 2, 3, 4].map((distance) => this.#at(step + distance)));
    for (let guess = 0; ; guess++) {
      const code = String(guess).padStart(6, '0');
      if (!near.has(code)) return code;
    }
  }

  #at(step: number): string {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const digest = createHmac('sha1', this.#key).update(counter).digest();
    const offset = (digest.at(-1) ?? 0) & 0x0f;
    const number = (digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000;
    return String(number).padStart(6, '0');
  }
}

const currentStep = () => Math.floor(Date.now() / 1000 / period);
