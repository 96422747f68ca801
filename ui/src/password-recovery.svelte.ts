// A forgotten password, step by step: mail, code or link, perhaps a factor, a new password. Handle and code stand in the
// fragment of the address, so that a reload goes on where it was and the link in the mail opens the same page.
import { confirmRecovery, startRecovery, verifyRecovery } from './api/password-recovery';
import { Problem } from './api/problem';
import type { Proof } from './api/proofs';
import type { Factor, Method } from './api/types';
import { paths } from './paths';
import { router } from './router.svelte';

type Step = 'code' | 'factor' | 'password' | 'over';

export class PasswordRecovery {
  step = $state<Step>('code');
  id = $state('');
  code = $state('');
  /** Where the mail went, masked; unknown to whoever comes by the link. */
  to = $state('');
  remaining = $state.raw<Factor[]>([]);
  methods = $state.raw<Method[]>([]);

  constructor() {
    const fields = new URLSearchParams(location.hash.slice(1));
    this.id = fields.get('challenge_id') ?? '';
    this.code = fields.get('code') ?? '';
    this.to = fields.get('to') ?? '';
    if (!this.id) this.step = 'over';
  }

  /** Asks for a mail and goes to the page that takes its code. */
  static async begin(email: string): Promise<void> {
    const started = await startRecovery(email);
    const fields = { challenge_id: started.challenge_id, to: started.delivery_destination };
    router.go(`${paths.resetPassword}#${new URLSearchParams(fields)}`);
  }

  async verify(code: string): Promise<void> {
    await this.#unlessOver(async () => {
      const standing = await verifyRecovery(this.id, code);
      this.code = code;
      this.remaining = standing.remaining_factors;
      this.methods = standing.methods;
      this.step = standing.complete ? 'password' : 'factor';
      history.replaceState(null, '', `#${new URLSearchParams({ challenge_id: this.id, code, to: this.to })}`);
    });
  }

  passed(proof: Proof): void {
    this.remaining = proof.remaining_factors;
    this.methods = this.methods.filter((method) => this.remaining.includes(method.factor));
    if (this.remaining.length === 0) this.step = 'password';
  }

  async confirm(password: string): Promise<void> {
    await this.#unlessOver(async () => {
      try {
        await confirmRecovery(this.id, this.code, password);
      } catch (error) {
        // A factor was enrolled meanwhile, or its proof is too old.
        if (!(error instanceof Problem) || error.code !== 'recovery-factor-required') throw error;
        await this.verify(this.code);
      }
    });
  }

  over(): void {
    this.step = 'over';
    history.replaceState(null, '', paths.resetPassword);
  }

  async #unlessOver(call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'challenge-ended') throw error;
      this.over();
    }
  }
}
