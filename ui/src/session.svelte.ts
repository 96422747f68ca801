// Who is signed in: the one state that decides between the panel and the sign-in page.
import { readMe, readOptions, signOut } from './api/accounts';
import { Problem, unexpectedProblem } from './api/problem';
import type { Me, Options } from './api/types';
import { t } from './i18n/language.svelte';
import { isOpen, isPublic, paths } from './paths';
import { router } from './router.svelte';
import { whyItEnded } from './session-end';

type Status = 'starting' | 'unreachable' | 'out' | 'in';

class SessionState {
  status = $state<Status>('starting');
  options = $state.raw<Options | null>(null);
  me = $state.raw<Me | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** Says why the sign-in page is shown, in the language of then. */
  notice = $state.raw<(() => string | null) | null>(null);
  /** The address that the sign-in page begins with. */
  email = '';
  /** What the server said when it last knew of no session. */
  #refusal: Problem | null = null;

  get productName(): string {
    return this.options?.product_name ?? 'Portcullis';
  }

  async start(): Promise<void> {
    this.status = 'starting';
    try {
      const [options, me] = await Promise.all([readOptions(), this.#find()]);
      this.options = options;
      this.me = me;
      this.status = me ? 'in' : 'out';
      // Whoever signed out here needs no reminder.
      const refusal = this.#refusal;
      if (!me && refusal?.reason !== 'signed_out') this.notice = () => whyItEnded(refusal);
    } catch (error) {
      this.problem = unexpectedProblem(error);
      this.status = 'unreachable';
    }
  }

  /** Reads the account again after something about it changed; what is known stays when that fails. */
  async refresh(): Promise<void> {
    try {
      const me = await this.#find();
      if (me) this.me = me;
      else this.ended(this.#refusal);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }

  /** Called when a sign-in is complete and the browser holds the session cookie. */
  async enter(): Promise<void> {
    const me = await this.#find();
    if (!me) throw new Problem('no-cookie');
    this.me = me;
    this.notice = null;
    this.status = 'in';
    this.#arrive();
  }

  /** The server no longer accepts this session. */
  ended(refusal: Problem | null): void {
    if (this.status === 'out') return;
    this.#leave(() => t.signIn.again(whyItEnded(refusal) ?? t.signIn.ended), router.path);
  }

  /** A new password ended the sessions of its account, perhaps this one as well. */
  async signedOutEverywhere(notice: () => string): Promise<void> {
    if (this.status === 'in') await this.refresh();
    if (this.status === 'out') this.notice = notice;
  }

  async leave(): Promise<void> {
    try {
      await signOut();
    } catch (error) {
      if (error instanceof Problem && error.told) return;
      throw error;
    }
    this.#leave(() => t.signIn.signedOut, paths.overview);
  }

  #leave(notice: () => string, from: string): void {
    this.me = null;
    this.status = 'out';
    this.notice = notice;
    this.#toSignIn(from);
  }

  async #find(): Promise<Me | null> {
    try {
      return await readMe();
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      this.#refusal = error;
      return null;
    }
  }

  /** Keeps the page and the sign-in state together, whatever address was opened. */
  settle(): void {
    if (this.status === 'in' && isPublic(router.path)) this.#arrive();
    if (this.status === 'out' && !isPublic(router.path) && !isOpen(router.path)) this.#toSignIn(router.path);
  }

  #arrive(): void {
    if (router.back) location.replace(router.back);
    else router.go(router.next, true);
  }

  #toSignIn(from: string): void {
    const next = from === paths.overview || isPublic(from) || isOpen(from) ? '' : `?next=${encodeURIComponent(from)}`;
    router.go(paths.signIn + next, true);
  }
}

export const session = new SessionState();
