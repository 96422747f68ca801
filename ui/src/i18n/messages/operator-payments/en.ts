// English: what operators do with payments.
import type {
  CallOutcome,
  CallStep,
  Decision,
  EventResult,
  EventState,
  EvidenceDocument,
  EvidenceField,
  Finding,
  RefundReason,
} from '../../../api/types';

export const findings = {
  amount: 'The vendor shows another amount than was ordered.',
  currency: 'The vendor shows another currency than was ordered: nothing of it is booked.',
  captured_too_much: 'More was taken than was ordered.',
  given_back_too_much: 'More was given or taken back than was captured.',
  twice: 'The vendor has two payments for this one.',
  refund_from_elsewhere: 'A refund was made at the vendor and not here.',
  foreign: 'The vendor shows a payment of another account or mode under our name.',
  after_end: 'The vendor took it for a subscription that was over: it is to the credit of who paid.',
  unresolved: 'Nobody can tell what became of an order. Decide below.',
} satisfies Record<Finding, string>;

export const decisions = {
  look_again: 'Ask the vendor again',
  not_sent: 'It never arrived at the vendor',
  explained: 'What was found is explained',
} satisfies Record<Decision, string>;

export const refundReasons = {
  requested: 'The customer asked for it',
  duplicate: 'Paid twice',
  fraudulent: 'Fraud',
} satisfies Record<RefundReason, string>;

export const evidence = {
  product_description: 'What was sold',
  customer_name: 'Name of the customer',
  customer_email: 'E-mail address of the customer',
  customer_ip: 'Network address of the customer',
  service_date: 'Day of the service',
  access_log: 'Log of what was used',
  shipping_carrier: 'Carrier',
  shipping_tracking_number: 'Tracking number',
  shipping_date: 'Day of shipping',
  refund_policy: 'Rules for refunds',
  refund_refusal: 'Why nothing was given back',
  cancellation_policy: 'Rules for cancellation',
  cancellation_refusal: 'Why it was not cancelled',
  duplicate_charge: 'The other charge',
  duplicate_explanation: 'Why these are two',
  other: 'Anything else',
} satisfies Record<EvidenceField, string>;

export const evidenceDocuments = {
  receipt: 'The receipt',
  customer_communication: 'What was written to and by the customer',
  customer_signature: 'The signature of the customer',
  shipping_documentation: 'That it was sent',
  service_documentation: 'That it was served',
  cancellation_policy: 'Rules for cancellation',
  refund_policy: 'Rules for refunds',
  duplicate_charge: 'The other charge',
  other: 'Anything else',
} satisfies Record<EvidenceDocument, string>;

export const handling = {
  lead: 'Payments of everybody. What you do with one stands in your history and in that of the payer.',
  which: 'Which',
  ofDay: 'Of one day',
  needEye: 'That need an eye',
  day: 'Day',
  payer: 'Payer',
  vendor: 'Vendor',
  reference: 'Name at the vendor',
  fee: 'Fee',
  code: 'Code of the refusal',
  found: 'What was found',
  amount: 'Amount',
  upTo: (most: string) => `Up to ${most}.`,
  amountWrong: (most: string) => `Enter an amount above zero, up to ${most}.`,
  reason: 'Reason',
  refund: 'Refund',
  refundText: (left: string) => `${left} can still be given back.`,
  refundNow: (amount: string) => `Refund ${amount}`,
  refunded: 'The refund is on its way.',
  hold: 'Held money',
  holdText: (held: string, left: string) => `${held} can be taken for another ${left}. What is not taken is let go.`,
  holdOpen: (held: string) => `${held} can be taken.`,
  capture: 'Capture',
  captured: 'The money is being taken.',
  void: 'Void',
  voidQuestion: 'Let the money go?',
  voidText: 'It cannot be taken afterwards.',
  voided: 'The payment was called off.',
  decide: 'Decide',
  decision: 'Decision',
  decisionReason: 'Why',
  decisionHint: 'It stands in both histories.',
  decisionMissing: 'Enter a reason.',
  decided: 'Your decision is noted.',
  answer: 'Answer the bank',
  respondIn: (day: string, left: string) => `Evidence is taken until ${day}: ${left} left.`,
  about: 'About',
  text: 'Evidence',
  textMissing: 'Enter what is to be said.',
  addEvidence: 'Add to the answer',
  submitNow: 'Hand it in for good: nothing can be added afterwards',
  send: 'Send',
  said: (count: number) => `In the answer so far: ${count}`,
  giveUp: 'Give up',
  giveUpQuestion: 'Give up this dispute?',
  giveUpText: 'The payer keeps the money. This is final.',
  answered: 'The answer was sent.',
  handedIn: 'Evidence was handed in.',
  fileAbout: 'The file shows',
  file: 'Add a file',
  fileHint: 'PDF, PNG or JPEG, 4.5 MB together. It goes to the vendor and is not kept here.',
  fileTooLarge: 'The files together are larger than 4.5 MB.',
  leaveOut: 'Leave out',
};

export const callSteps = {
  charge: 'charge',
  complete: 'complete',
  capture: 'capture',
  void: 'void',
  withdraw: 'call off',
  refund: 'refund',
} satisfies Record<CallStep, string>;

export const callOutcomes = {
  answered: 'answered',
  refused: 'refused',
  unknown: 'answer lost',
} satisfies Record<CallOutcome, string>;

export const eventResults = {
  applied: 'applied',
  unchanged: 'nothing new',
  foreign: 'about others',
  ignored: 'not understood',
  parked: 'waits for what it is about',
} satisfies Record<EventResult, string>;

export const eventStates = {
  stored: 'waits to be applied',
  applied: 'applied',
  unchanged: 'nothing new',
  foreign: 'about others',
  ignored: 'not understood',
  parked: 'waits for what it is about',
  unmatched: 'about nothing that is known',
  dead: 'given up',
} satisfies Record<EventState, string>;

export const timeline = {
  title: 'What happened',
  incomplete: 'There is more than is shown here.',
  begun: (amount: string) => `Begun over ${amount}`,
  status: (from: string, to: string) => `From “${from}” to “${to}”`,
  call: (step: string) => `The vendor is asked: ${step}`,
  callAgain: (step: string) => `The vendor is asked the same again: ${step}`,
  answer: (step: string, outcome: string) => `The vendor on “${step}”: ${outcome}`,
  refund: (amount: string, state: string) => `Refund of ${amount}: ${state}`,
  dispute: (state: string, missing: string) => `Contested: ${state}; ${missing} taken back`,
  posting: (kind: string) => `Ledger: ${kind}`,
  explained: 'What was found is explained.',
  decision: (decision: string, reason: string) => `Decided: ${decision}. ${reason}`,
  event: (event: string, result: string) => `The vendor told ${event}: ${result}`,
};

export const vendorEvents = {
  lead: 'What vendors told in the last 30 days and what was not applied. Remove the cause, then have it applied again.',
  title: 'Events',
  state: 'State',
  all: 'Every state',
  none: 'There is no event of this kind.',
  arrived: (day: string) => `arrived ${day}`,
  replay: 'Apply again',
  replayNamed: (name: string) => `Apply ${name} again`,
  replayed: 'It is applied within seconds.',
  gone: 'Its delivery is not kept any more. Ask the vendor to send a new one.',
};
