// A refusal or failure of a call, as the rest of the panel sees it.

export interface FieldError {
  pointer: string;
  detail: string;
}

export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly errors: FieldError[];
  readonly retryAfter: number | null;
  /** With `email-not-verified`: the sign-up whose code is missing. */
  readonly signUpId: string | null;
  /** With `session-ended`: why. */
  readonly reason: string | null;
  /** Another part of the panel has already told the person: nothing more to show. */
  readonly told: boolean;

  constructor(
    code: string,
    detail: string,
    more: { status?: number; errors?: FieldError[]; retryAfter?: number | null; signUpId?: string | null; reason?: string | null; told?: boolean } = {},
  ) {
    super(detail);
    this.name = 'Problem';
    this.code = code;
    this.detail = detail;
    this.status = more.status ?? 0;
    this.errors = more.errors ?? [];
    this.retryAfter = more.retryAfter ?? null;
    this.signUpId = more.signUpId ?? null;
    this.reason = more.reason ?? null;
    this.told = more.told ?? false;
  }

  /** What went wrong with one field of the request, if the server said so. */
  field(name: string): string | null {
    const wanted = `/${name}`;
    return this.errors.find((error) => error.pointer === wanted)?.detail ?? null;
  }
}

const unreachable = 'We could not reach the server. Check your connection, then try again.';
const unreadable = 'The server gave an answer we could not read. Try again in a moment.';

export function networkProblem(): Problem {
  return new Problem('network', unreachable);
}

export function unreadableProblem(status: number): Problem {
  return new Problem('unreadable', unreadable, { status });
}

/** Turns an answer of the server that is not a success into a Problem. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  if (!isRecord(body) || typeof body['code'] !== 'string') return unreadableProblem(response.status);
  const header = Number(response.headers.get('Retry-After') ?? Number.NaN);
  const wait = typeof body['retry_after'] === 'number' ? body['retry_after'] : header;
  const detail = [body['detail'], body['title']].find((text) => typeof text === 'string' && text !== '');
  return new Problem(body['code'], typeof detail === 'string' ? detail : unreadable, {
    status: response.status,
    errors: Array.isArray(body['errors']) ? body['errors'].filter(isFieldError) : [],
    retryAfter: Number.isFinite(wait) ? wait : null,
    signUpId: typeof body['sign_up_id'] === 'string' ? body['sign_up_id'] : null,
    reason: typeof body['reason'] === 'string' ? body['reason'] : null,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isFieldError(value: unknown): value is FieldError {
  return isRecord(value) && typeof value['pointer'] === 'string' && typeof value['detail'] === 'string';
}
