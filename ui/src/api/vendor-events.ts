// Calls of operators about what vendors told.
import { bodyOf, client } from './client';
import type { ListedState, VendorEventPage } from './types';

const api = client();
const replaying = client({ action: 'replay_event' });

/** Which events are asked for. */
export interface EventQuery {
  state?: ListedState;
  cursor?: string;
}

/** Events in a page. */
const limit = 25;

export const listVendorEvents = (query: EventQuery): Promise<VendorEventPage> =>
  bodyOf(api.GET('/api/operator/inbox', { params: { query: { ...query, limit } } }));

/** Has it applied again; nothing is moved twice. */
export const replayVendorEvent = (event: string) =>
  bodyOf(replaying.POST('/api/operator/inbox/{event_id}/replay', { params: { path: { event_id: event } } }));
