// English: how somebody pays, and with what.
import type {
  DeadMethodReason,
  DeclineClass,
  DisputeKind,
  DisputeStatus,
  MethodKind,
  PaymentStatus,
  RefundState,
} from '../../../api/types';

export const paymentStatus = {
  sending: { name: 'being sent', text: 'The payment is on its way to the vendor.' },
  unknown: {
    name: 'not known yet',
    text: 'We do not know yet whether the payment arrived. We are asking; nothing is charged twice. Do not pay again.',
  },
  requires_action: { name: 'waits for you', text: 'You have to do something before this is paid.' },
  processing: { name: 'being processed', text: 'Your bank is at work. With bank accounts that takes a few days.' },
  authorized: { name: 'held', text: 'The money is held on your account, and not taken yet.' },
  capturing: { name: 'being taken', text: 'The held money is being taken.' },
  succeeded: { name: 'paid', text: 'This is paid.' },
  failed: { name: 'refused', text: 'The payment was refused. Nothing was charged.' },
  canceled: { name: 'called off', text: 'The payment was called off. Nothing was charged.' },
} satisfies Record<PaymentStatus, object>;

export const declines = {
  retry_later: 'The payment was refused for now. Try again later, or pay with something else.',
  other_method: 'The payment was refused. Pay with another card or account, or ask your bank why.',
  authenticate: 'Your bank wants to hear from you that it is you. Try again, and answer its question.',
  never: 'The payment was refused for good. Pay with another card or account.',
  our_side: 'The payment could not be made, for a reason on our side. You need not do anything; try again later.',
} satisfies Record<DeclineClass, string>;

export const methodKinds = {
  card: 'Card',
  us_bank_debit: 'US bank account',
  sepa_debit: 'SEPA debit',
  wallet: 'Wallet',
  token: 'Stored at the vendor',
} satisfies Record<MethodKind, string>;

export const deadMethods = {
  expired: 'It has expired. Add it again with its new date.',
  detached: 'It was removed at the vendor. Add it again.',
  mandate_withdrawn: 'The agreement to debits was withdrawn. Add the account again.',
  used_up: 'It could be charged once only.',
  other_account: 'It belongs to an account of the vendor that is not connected any more. Add it again.',
} satisfies Record<DeadMethodReason, string>;

export const refundStatus = {
  sending: 'being sent',
  unknown: 'not known yet',
  pending: 'on its way',
  succeeded: 'given back',
  failed: 'came back',
  canceled: 'called off',
} satisfies Record<RefundState, string>;

export const disputeKinds = {
  inquiry: 'Question of the bank',
  chargeback: 'Contested at the bank',
  bank_return: 'Returned by the bank',
} satisfies Record<DisputeKind, string>;

export const disputeStatus = {
  needs_response: 'waits for an answer',
  under_review: 'at the bank',
  won: 'decided for the service',
  lost: 'decided for the payer',
  closed: 'closed',
} satisfies Record<DisputeStatus, string>;

export const payments = {
  title: 'Payments',
  none: 'There is no payment of this kind.',
  status: 'Status',
  vendor: 'Vendor',
  allVendors: 'All vendors',
  everyStatus: 'Every status',
  back: 'All payments',
  begun: 'Begun',
  changed: 'Last changed',
  paidWith: 'Paid with',
  number: 'Payment',
  captured: 'Taken',
  held: 'Held until',
  refunded: 'Given back',
  refunds: 'Refunds',
  disputes: 'Contested',
  late: 'The money came after the payment had been given up: it is to your credit.',
  receipt: 'Receipt',
  receiptPdf: 'Receipt as PDF',
  statementOf: 'Statement of',
  statement: 'As a table (CSV)',
  statementPdf: 'As PDF',
  openTitle: 'Your bank asks',
  openText: (amount: string, day: string) => `${amount}, begun ${day}`,
  goOn: 'Continue',
  callOff: 'Call off',
  callOffQuestion: 'Call off this payment?',
  callOffText: 'Nothing is charged. You can pay again at any time.',
  calledOff: 'The payment was called off.',
};

export const pay = {
  title: 'Pay',
  lead: 'Pay what is open. What you enter of a card or an account goes to the vendor alone.',
  nothingTitle: 'Nothing to pay',
  nothingText: 'There is nothing open that could be paid here.',
  noVendor: 'Payments in this currency are not taken here. Ask support.',
  amount: 'Amount',
  amountHint: (most: string) => `Up to ${most}.`,
  amountWrong: (least: string, most: string) => `Enter an amount from ${least} to ${most}.`,
  amountStep: (step: string) => `Enter a multiple of ${step}.`,
  with: 'Pay with',
  withNew: 'Another card or account',
  withPage: 'On the page of the vendor',
  outside: 'By transfer, in cash or with a voucher',
  instructions: 'Pay like this',
  accountHolder: 'Account holder',
  iban: 'IBAN',
  bic: 'BIC',
  reference: 'Reference',
  referenceText: 'Write the reference on it, so that your payment is recognised.',
  at: (choice: string, vendor: string) => `${choice} (${vendor})`,
  ends: (label: string, last4: string) => `${label} ending in ${last4}`,
  save: 'Keep it for later payments',
  begin: 'Continue',
  payNow: (amount: string) => `Pay ${amount}`,
  confirm: (amount: string) => `Confirm ${amount}`,
  enter: 'Your card or account',
  notDone: 'This is not finished yet. Enter your card or account, or use another one.',
  sent: 'You are being sent to the page of the vendor.',
  wait: (when: string) => `There is nothing to do before ${when}.`,
  elsewhere: 'What has to be done next cannot be done on this page. Ask support.',
  look: 'Look again',
  toBilling: 'Back to billing',
  another: 'Pay in another way',
};

export const methods = {
  title: 'Cards and accounts',
  none: 'No card and no account is stored.',
  add: 'Add one',
  standard: 'Default',
  expiring: 'expires soon',
  dead: 'cannot be used',
  expires: (month: string) => `until ${month}`,
  makeDefault: 'Make default',
  makeDefaultNamed: (name: string) => `Make ${name} the default`,
  isDefault: (name: string) => `${name} is the default now.`,
  up: 'Move up',
  upNamed: (name: string) => `Move ${name} up`,
  removeText: 'It is forgotten here and at the vendor. What was paid with it stays.',
  removed: (name: string) => `${name} was removed.`,
  addTitle: 'Add a card or an account',
  addLead: 'What you enter goes to the vendor alone. Nothing is charged.',
  store: 'Store',
  begin: 'Continue',
  added: 'It is stored.',
  processing: 'The vendor or your bank is at work on it. Come back later.',
  failed: 'It was not accepted. Try another one.',
  depositsText: (day: string) => `Small amounts arrive on the account until ${day}. Tell what arrived; keep the address of this page until then.`,
  first: 'First amount, in cents',
  second: 'Second amount, in cents',
  code: 'Code in the text of the deposit',
  cents: 'Enter a number of cents, such as 32.',
  codeMissing: 'Enter the code.',
  prove: 'Confirm',
  notOffered: 'Cards and accounts cannot be stored here.',
};
