// A refusal or failure of a call, as the rest of the panel sees it.
import { advise, type Advice } from '../i18n/grammar';
import { t } from '../i18n/language.svelte';

export interface FieldError {
  pointer: string;
  detail: string;
}

interface More {
  /** In the server's words. */
  detail: string;
  status: number;
  errors: FieldError[];
  retryAfter: number | null;
  signUpId: string | null;
  reason: string | null;
  decline: string | null;
  told: boolean;
}

export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly errors: FieldError[];
  /** Seconds. */
  readonly retryAfter: number | null;
  /** With `email-not-verified`: the sign-up whose code is missing. */
  readonly signUpId: string | null;
  /** With `session-ended`: why. */
  readonly reason: string | null;
  /** With `payment-declined`: what would help. */
  readonly decline: string | null;
  /** Another part of the panel has already told the person: nothing more to show. */
  readonly told: boolean;

  constructor(code: string, more: Partial<More> = {}) {
    super(more.detail ?? code);
    this.name = 'Problem';
    this.code = code;
    this.detail = more.detail ?? code;
    this.status = more.status ?? 0;
    this.errors = more.errors ?? [];
    this.retryAfter = more.retryAfter ?? null;
    this.signUpId = more.signUpId ?? null;
    this.reason = more.reason ?? null;
    this.decline = more.decline ?? null;
    this.told = more.told ?? false;
  }

  /** What to say to the person: of the very case or by the code where we know it, else in the server's words. */
  get text(): string {
    return this.#known(this.detail) ?? this.detail;
  }

  #known(said: string): string | null {
    const advice: Record<string, Advice> = t.advice;
    return advise(advice[this.code], said) ?? entry(t.problems, this.code);
  }

  /** What went wrong with one field of the request, if the server said so. */
  field(name: string): string | null {
    const wanted = `/${name}`;
    const found = this.errors.find((error) => error.pointer === wanted);
    if (!found) return null;
    const known = this.code === 'invalid-request' ? entry(t.mistakes, name) : this.#known(found.detail);
    return known ?? found.detail;
  }
}

const entry = (texts: Record<string, string>, key: string): string | null =>
  Object.hasOwn(texts, key) ? (texts[key] ?? null) : null;

/** Something went wrong in the panel itself. */
export const unexpectedProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem('unexpected', { detail: String(error) });

export const networkProblem = (): Problem => new Problem('network');

export const unreadableProblem = (status: number): Problem => new Problem('unreadable', { status });

/** Turns an answer of the server that is not a success into a Problem. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  if (!isRecord(body) || typeof body['code'] !== 'string') return unreadableProblem(response.status);
  const header = Number(response.headers.get('Retry-After') ?? Number.NaN);
  const wait = typeof body['retry_after'] === 'number' ? body['retry_after'] : header;
  const detail = [body['detail'], body['title']].find((text) => typeof text === 'string' && text !== '');
  return new Problem(body['code'], {
    ...(typeof detail === 'string' ? { detail } : {}),
    status: response.status,
    errors: Array.isArray(body['errors']) ? body['errors'].filter(isFieldError) : [],
    retryAfter: Number.isFinite(wait) ? wait : null,
    signUpId: typeof body['sign_up_id'] === 'string' ? body['sign_up_id'] : null,
    reason: typeof body['reason'] === 'string' ? body['reason'] : null,
    decline: typeof body['decline'] === 'string' ? body['decline'] : null,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isFieldError(value: unknown): value is FieldError {
  return isRecord(value) && typeof value['pointer'] === 'string' && typeof value['detail'] === 'string';
}
