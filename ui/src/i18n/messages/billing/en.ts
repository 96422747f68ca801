// English: what is owed and paid.
import type { EntryKind } from '../../../api/types';

export const entryKinds = {
  sale: 'Purchase',
  sale_reversed: 'Purchase taken back',
  sale_restored: 'Purchase counted again',
  hold: 'Payment begun',
  capture: 'Payment',
  void: 'Payment ended without money',
  refund: 'Refund',
  refund_failed: 'Refund came back',
  dispute_withdrawn: 'Payment contested',
  dispute_reinstated: 'Contested payment restored',
  write_off: 'Debt given up',
  credit: 'Credit',
  debit: 'Charge',
  adopted: 'Payment found',
  fee: 'Fee',
  fee_returned: 'Fee returned',
  unmatched: 'Unexplained money',
  unmatched_returned: 'Unexplained money returned',
  payout: 'Payout',
  payout_returned: 'Payout returned',
} satisfies Record<EntryKind, string>;

export const billing = {
  lead: 'What you were charged and what you paid, in every currency.',
  balances: 'Balance',
  toPay: 'To pay',
  settled: 'Nothing to pay',
  credited: 'To your credit',
  underWay: (amount: string) => `Payments of ${amount} are under way.`,
  emptyTitle: 'Nothing was charged yet',
  emptyText: 'What you buy and what you pay will stand here.',
  history: 'History',
  currency: 'Currency',
  show: 'Show',
  everything: 'Everything',
  noEntries: 'There is nothing of this kind.',
  more: 'Show more',
  pending: 'pending',
  after: (amount: string) => `Balance ${amount}`,
};

export const customers = {
  lead: 'Look at what somebody owes and paid. That you looked stands in your history and in theirs.',
  subject: 'Account',
  subjectHint: 'The stable name, such as usr_01h2xcejqtf2nbrexx3vqjhp41.',
  subjectMissing: 'Enter the name of an account.',
  look: 'Look',
  moved: (debit: string, credit: string, amount: string) => `${debit} / ${credit} ${amount}`,
};
