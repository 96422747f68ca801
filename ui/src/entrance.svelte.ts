// The way in, step by step: password, then as many factors as the account must prove, then the session.
import { finalizeSession, signIn, startSession } from './api/accounts';
import { Problem } from './api/problem';
import type { Challenge, Proof } from './api/proofs';
import type { Factor, Method, Token } from './api/types';
import { forgetSecondStep, keepSecondStep, keptSecondStep } from './second-step';
import { session } from './session.svelte';
import { waitForCode } from './sign-up';

type Step = 'password' | 'factors';

export class Entrance {
  step = $state<Step>('password');
  challenge = $state.raw<Challenge | null>(null);
  remaining = $state.raw<Factor[]>([]);
  methods = $state.raw<Method[]>([]);
  /** How many factors must be proven in all, and how many are missing. */
  total = $state(0);
  needed = $state(0);

  /** Signs in; an address that still waits for its code leads to that step instead. */
  async withPassword(email: string, password: string): Promise<void> {
    try {
      await this.withToken(await signIn(email, password));
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'email-not-verified') throw error;
      waitForCode(email, error.signUpId, false);
    }
  }

  async withToken(token: Token): Promise<void> {
    const started = await startSession(token.access_token);
    if (!started.auth_required || !started.challenge_id) return session.enter();
    this.challenge = { id: started.challenge_id, bearer: token.access_token };
    keepSecondStep({ id: started.challenge_id, bearer: token.access_token, expiresAt: started.expires_at ?? 0 });
    this.remaining = started.required_factors;
    this.methods = started.methods;
    this.total = started.factors_needed;
    this.needed = started.factors_needed;
    this.step = 'factors';
  }

  /** Goes on with a second step that a reload interrupted. Whatever is wrong with it, the password is the way in. */
  async resume(): Promise<void> {
    const kept = keptSecondStep();
    if (!kept) return;
    try {
      const found = await finalizeSession(kept.bearer, kept.id);
      if (found.status === 'ok') {
        forgetSecondStep();
        return await session.enter();
      }
      this.challenge = { id: kept.id, bearer: kept.bearer };
      this.remaining = found.remaining_factors;
      this.methods = found.methods;
      this.total = found.required_factors.length - found.remaining_factors.length + found.factors_needed;
      this.needed = found.factors_needed;
      this.step = 'factors';
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      forgetSecondStep();
      session.notice = () => error.text;
    }
  }

  async passed(answer: Proof): Promise<void> {
    if (answer.session_id) {
      forgetSecondStep();
      return session.enter();
    }
    this.methods = this.methods.filter((method) => answer.remaining_factors.includes(method.factor));
    this.remaining = answer.remaining_factors;
    this.needed = answer.factors_needed ?? answer.remaining_factors.length;
    if (this.needed > 0 || !this.challenge?.bearer) return;
    await finalizeSession(this.challenge.bearer, this.challenge.id);
    forgetSecondStep();
    await session.enter();
  }

  /** Back to the first step, forgetting the access token. */
  restart(): void {
    forgetSecondStep();
    this.challenge = null;
    this.remaining = [];
    this.methods = [];
    this.step = 'password';
  }
}
