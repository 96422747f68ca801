// English: what operators read.
import type { OperatorRole } from '../../../api/types';

export const operatorRoles = {
  viewer: { name: 'Viewer', may: 'You look at customers, what they owe, and their payments, and change nothing.' },
  support: { name: 'Support', may: 'You also act for one payment at a time: you refund, capture or void, decide about it, answer disputes and have events applied again.' },
  admin: { name: 'Admin', may: 'You also adjust what customers owe, freeze billing, decide about differences with vendors, and see who the other operators are.' },
} satisfies Record<OperatorRole, object>;

export const operators = {
  lead: 'You look after this service. Whatever you do here stands in your history, and in that of whom it concerns.',
  own: 'Your role',
  all: 'All operators',
  since: (day: string) => `since ${day}`,
  you: 'You',
  noFactor: 'no second step',
  factorTitle: 'You need a second step',
  factorText: 'Operators confirm with an authenticator app or another second step. Add one, then come back.',
};
