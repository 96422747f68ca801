// The one place that talks to the server: fetch, CSRF, step-up and problem+json.
import { networkProblem, Problem, problemOf, unreadableProblem } from './problem';
import type { Action } from './types';

/** What the client needs from the rest of the panel; set once when the panel starts. */
export interface Surroundings {
  csrfToken(): string | null;
  renewCsrfToken(): Promise<void>;
  /** Resolves true once the person has proved who they are, false when they cancelled. */
  stepUp(action: Action | null): Promise<boolean>;
  sessionEnded(problem: Problem): void;
}

export interface CallSettings {
  /** The access token while signing in, before there is a session cookie. */
  bearer?: string;
  /** Answer problems as they come: no step-up dialog, no bounce to the sign-in page. */
  plain?: boolean;
  /** What the call does, where that may need a fresh proof. */
  action?: Action;
}

type Method = 'GET' | 'POST';

const endings = new Set(['session-ended', 'unauthenticated']);
const tooLong = 'This sign-in took too long. Please start again.';

let surroundings: Surroundings | null = null;

export function connect(to: Surroundings): void {
  surroundings = to;
}

export function get<T>(path: string, settings: CallSettings = {}): Promise<T> {
  return call<T>('GET', path, undefined, settings);
}

export function post<T>(path: string, body: object = {}, settings: CallSettings = {}): Promise<T> {
  return call<T>('POST', path, body, settings);
}

async function call<T>(method: Method, path: string, body: object | undefined, settings: CallSettings): Promise<T> {
  let renewed = false;
  let steppedUp = false;
  for (;;) {
    const response = await send(method, path, body, settings);
    if (response.ok) return read<T>(response);
    const problem = await problemOf(response);
    if (settings.bearer && endings.has(problem.code)) throw new Problem('challenge-ended', tooLong, { status: 401 });
    if (settings.plain || settings.bearer || !surroundings) throw problem;
    if (problem.code === 'csrf' && !renewed) {
      renewed = true;
      await surroundings.renewCsrfToken();
    } else if (problem.code === 'step-up-required' && !steppedUp) {
      steppedUp = true;
      if (!(await surroundings.stepUp(settings.action ?? null))) {
        throw new Problem('cancelled', 'Nothing was changed.', { told: true });
      }
    } else if (endings.has(problem.code)) {
      surroundings.sessionEnded(problem);
      throw new Problem(problem.code, problem.detail, { status: problem.status, told: true });
    } else {
      throw problem;
    }
  }
}

async function send(method: Method, path: string, body: object | undefined, settings: CallSettings): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json, application/problem+json' });
  if (body !== undefined) headers.set('Content-Type', 'application/json');
  if (settings.bearer) headers.set('Authorization', `Bearer ${settings.bearer}`);
  const csrf = surroundings?.csrfToken();
  if (csrf && method !== 'GET' && !settings.bearer) headers.set('X-CSRF-Token', csrf);
  try {
    return await fetch(path, {
      method,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw networkProblem();
  }
}

async function read<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch {
    throw unreadableProblem(response.status);
  }
}
