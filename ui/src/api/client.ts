// The one place that talks to the server: openapi-fetch over the generated schema, with CSRF, step-up and problem+json.
import createClient from 'openapi-fetch';
import { networkProblem, Problem, problemOf, unreadableProblem } from './problem';
import type { paths } from './schema';
import type { Action } from './types';

/** How the question "is it really you?" ended; `proven-otherwise` when it was asked for another action. */
export type StepUpOutcome = 'proven' | 'proven-otherwise' | 'declined';

/** What the client needs from the rest of the panel; set once when the panel starts. */
export interface Surroundings {
  csrfToken(): string | null;
  renewCsrfToken(): Promise<void>;
  stepUp(action: Action | null): Promise<StepUpOutcome>;
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

const endings = new Set(['session-ended', 'unauthenticated']);

let surroundings: Surroundings | null = null;

export function connect(to: Surroundings): void {
  surroundings = to;
}

/** The routes of the schema; whatever is not a success is thrown as a `Problem`. */
export const client = (settings: CallSettings = {}) =>
  createClient<paths>({
    credentials: 'same-origin',
    cache: 'no-store',
    headers: {
      Accept: 'application/json, application/problem+json',
      ...(settings.bearer ? { Authorization: `Bearer ${settings.bearer}` } : {}),
    },
    fetch: (request) => call(request, settings),
  });

/** The body of a successful answer. */
export async function bodyOf<T>(answer: Promise<{ data?: T; response: Response }>): Promise<T> {
  try {
    const { data, response } = await answer;
    if (data === undefined) throw unreadableProblem(response.status);
    return data;
  } catch (error) {
    throw error instanceof SyntaxError ? unreadableProblem(200) : error;
  }
}

async function call(request: Request, settings: CallSettings): Promise<Response> {
  // Read once: a text can be sent again after a proof.
  const body = await request.text();
  let renewed = false;
  let proven = false;
  for (;;) {
    const response = await send(new Request(request, body ? { body } : {}), settings);
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (settings.bearer && endings.has(problem.code)) throw new Problem('challenge-ended', { status: 401 });
    if (settings.plain || settings.bearer || !surroundings) throw problem;
    if (problem.code === 'csrf' && !renewed) {
      renewed = true;
      await surroundings.renewCsrfToken();
    } else if (problem.code === 'step-up-required' && !proven) {
      const outcome = await surroundings.stepUp(settings.action ?? null);
      if (outcome === 'declined') throw new Problem('cancelled', { told: true });
      proven = outcome === 'proven';
    } else if (endings.has(problem.code)) {
      surroundings.sessionEnded(problem);
      throw new Problem(problem.code, { detail: problem.detail, status: problem.status, told: true });
    } else {
      throw problem;
    }
  }
}

async function send(request: Request, settings: CallSettings): Promise<Response> {
  const csrf = surroundings?.csrfToken();
  if (csrf && request.method !== 'GET' && !settings.bearer) request.headers.set('X-CSRF-Token', csrf);
  try {
    return await fetch(request);
  } catch {
    throw networkProblem();
  }
}
