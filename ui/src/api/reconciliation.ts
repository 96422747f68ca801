// Calls of operators that compare the books with what payment vendors report.
import { bodyOf, client } from './client';
import type { ComparePayments, DecideDifference, DifferencePage, DifferenceState, ReconciliationPage } from './types';

const api = client();
const deciding = client({ action: 'decide_difference' });

/** Which runs are asked for. */
export interface RunQuery {
  vendor?: string;
  cursor?: string;
}

/** Which differences are asked for. */
export interface DifferenceQuery extends RunQuery {
  state?: DifferenceState;
}

/** Runs in a page. */
const runs = 5;
/** Differences in a page. */
const differences = 20;

export const listRuns = (query: RunQuery): Promise<ReconciliationPage> =>
  bodyOf(api.GET('/api/operator/billing/reconciliations', { params: { query: { ...query, limit: runs } } }));

export const startRun = (body: ComparePayments) => bodyOf(api.POST('/api/operator/billing/reconciliations', { body }));

export const listDifferences = (query: DifferenceQuery): Promise<DifferencePage> =>
  bodyOf(api.GET('/api/operator/billing/differences', { params: { query: { ...query, limit: differences } } }));

/** Sent again with the same key it is the same decision. */
export const decideDifference = (key: string, difference: string, body: DecideDifference) =>
  bodyOf(
    deciding.POST('/api/operator/billing/differences/{difference_id}/decide', {
      params: { path: { difference_id: difference }, header: { 'Idempotency-Key': key } },
      body,
    }),
  );
