// The way in, step by step: password, then every factor the account asks for, then the session.
import { finalizeSession, signIn, startSession } from './api/accounts';
import { Problem } from './api/problem';
import type { Challenge, Proof } from './api/proofs';
import type { Factor, Token } from './api/types';
import { session } from './session.svelte';

type Step = 'password' | 'verify-email' | 'factors';

export class Entrance {
  step = $state<Step>('password');
  challenge = $state.raw<Challenge | null>(null);
  required = $state.raw<Factor[]>([]);
  remaining = $state.raw<Factor[]>([]);

  /** Signs in; an address that still waits for its code leads to that step instead. */
  async withPassword(email: string, password: string): Promise<void> {
    try {
      await this.withToken(await signIn(email, password));
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'email-not-verified') throw error;
      this.step = 'verify-email';
    }
  }

  async withToken(token: Token): Promise<void> {
    const started = await startSession(token.access_token);
    if (!started.auth_required || !started.challenge_id) return session.enter();
    this.challenge = { id: started.challenge_id, bearer: token.access_token };
    this.required = started.required_factors;
    this.remaining = started.required_factors;
    this.step = 'factors';
  }

  async passed(answer: Proof): Promise<void> {
    if (answer.session_id) return session.enter();
    this.remaining = answer.remaining_factors;
    if (this.remaining.length > 0 || !this.challenge?.bearer) return;
    await finalizeSession(this.challenge.bearer, this.challenge.id);
    await session.enter();
  }

  /** Back to the first step, forgetting the access token. */
  restart(): void {
    this.challenge = null;
    this.required = [];
    this.remaining = [];
    this.step = 'password';
  }
}
