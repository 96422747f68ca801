// English: what people subscribe to.
import type { AskedOfVendor, CancelWhen, ChangeWhen, IntervalUnit, SubscriptionEndReason, SubscriptionStatus } from '../../../api/types';
import { plurals } from '../../grammar';

const plural = plurals('en');

export const subscriptionStatus = {
  incomplete: { name: 'not paid yet', text: 'It begins once its first invoice is paid. What is not paid within a day is cancelled.' },
  trialing: { name: 'on trial', text: 'You are trying it. It is charged when the trial ends.' },
  active: { name: 'active', text: 'It is paid, and renewed by itself.' },
  past_due: { name: 'payment failed', text: 'A payment failed. Pay the open invoice, or use another card or account.' },
  paused: { name: 'paused', text: 'It rests: nothing is billed, and you cannot use it.' },
  canceling: { name: 'ends', text: 'It is cancelled, and can be used until it ends.' },
  canceled: { name: 'cancelled', text: 'It was cancelled. Subscribe again to go on.' },
  ended: { name: 'ended', text: 'It has ended. Subscribe again to go on.' },
} satisfies Record<SubscriptionStatus, object>;

export const subscriptionEnds = {
  customer: 'You cancelled it.',
  operator: 'Support cancelled it.',
  unpaid: 'It was not paid for too long.',
  never_paid: 'Its first invoice was not paid in time.',
  vendor: 'It was ended at the payment vendor that collected it.',
} satisfies Record<SubscriptionEndReason, string>;

/** What a vendor was asked for and has not confirmed yet. */
export const askedOfVendor = {
  start: 'It is being asked to collect it.',
  cancel: 'It was asked to charge nothing more, and has not confirmed it yet.',
  pause: 'It was asked to let it rest, and has not confirmed it yet.',
  resume: 'It was asked to go on, and has not confirmed it yet.',
} satisfies Record<AskedOfVendor, string>;

/** How often something comes back. */
export const intervals = {
  day: (count: number) => plural(count, { one: 'every day', other: 'every # days' }),
  week: (count: number) => plural(count, { one: 'every week', other: 'every # weeks' }),
  month: (count: number) => plural(count, { one: 'every month', other: 'every # months' }),
  year: (count: number) => plural(count, { one: 'every year', other: 'every # years' }),
} satisfies Record<IntervalUnit, (count: number) => string>;

export const cancelWhens = {
  period_end: 'With the period that is paid',
  now: 'At once',
} satisfies Record<CancelWhen, string>;

export const changeWhens = {
  now: 'At once',
  period_end: 'With the next period',
} satisfies Record<ChangeWhen, string>;

export const subscriptions = {
  lead: 'What you subscribe to, what it costs, and when it is billed next.',
  yours: 'Your subscriptions',
  emptyTitle: 'No subscription yet',
  emptyText: 'Choose one of the plans below.',
  nothingOffered: 'No plan is offered at the moment. Come back later.',
  costs: (amount: string, every: string) => `${amount} ${every}`,
  free: 'free',
  billedNext: (day: string) => `billed next on ${day}`,
  endsOn: (day: string) => `ends on ${day}`,
  trialUntil: (day: string) => `on trial until ${day}`,
  may: 'What you can use',
  mayNothing: 'Nothing at the moment. It stands here once a subscription is paid or on trial.',
  limit: (name: string, limit: string) => `${name}: ${limit}`,
  noLimit: (name: string) => `${name}: without limit`,
  until: (day: string) => `until ${day}`,
  plans: 'Plans',
  choose: 'Choose',
  chooseNamed: (name: string) => `Choose ${name}`,
  have: 'yours',
  trial: (days: number) => plural(days, { one: 'Free for # day, then paid', other: 'Free for # days, then paid' }),
  taxOnTop: 'Tax is shown on the invoice.',
  anchored: (day: number) => `Periods begin on day ${day} of the month. The first one is shorter, and costs its days alone.`,
  back: 'All subscriptions',
  collector: 'Collected by',
  collectedBy: (vendor: string) => `${vendor}, by itself: cancel here or there.`,
  agreeThere: (vendor: string) => `It is collected by ${vendor}. You agree to it on its page, and come back here.`,
  goOn: 'Go on at the payment vendor',
  waitsForVendor: 'It begins as soon as the vendor says that you have agreed and that it was paid.',
  subscribeTo: (name: string) => `Subscribe to ${name}`,
  currency: 'Currency',
  with: 'Pay with',
  standard: 'My default card or account, whichever it is then',
  needsMethod: 'To try it, store a card or an account first. Nothing is charged before the trial ends.',
  enterNext: 'You enter your card or account on the next page.',
  addMethod: 'Add a card or an account',
  subscribe: 'Subscribe',
  startTrial: 'Start the trial',
  subscribed: (name: string) => `You are subscribed to ${name}.`,
  price: 'Price',
  period: 'Present period',
  days: (from: string, to: string) => `${from} to ${to}`,
  trialEnds: 'Trial ends',
  renews: 'Billed next',
  ends: 'Ends',
  since: 'Since',
  nextPlan: 'From the next period',
  nextTry: (day: string) => `It is tried again on ${day}.`,
  notTried: 'It is not tried again by itself.',
  restricted: 'You cannot use it until it is paid.',
  payNow: 'Pay the open invoice',
  otherMethod: 'Use another card or account',
  method: 'Card or account',
  methodHint: 'What is not paid is tried with it at once.',
  save: 'Save',
  methodSaved: 'Saved. What is not paid is being tried with it.',
  noMethods: 'No card and no account is stored.',
  change: 'Change the plan',
  to: 'To',
  when: 'When',
  preview: 'Show what it costs',
  previewTitle: 'What the change costs',
  total: 'Together',
  toBalance: (amount: string) => `${amount} go to your balance, and pay the next invoice.`,
  takesEffect: (day: string, next: string) => `It takes effect on ${day}, and is billed next on ${next}.`,
  nothingBilled: 'Nothing is billed for the change itself.',
  changeTo: (name: string) => `Change to ${name}`,
  changed: (name: string) => `Changed to ${name}.`,
  changedLater: (name: string) => `It goes on with ${name} from the next period.`,
  pause: 'Pause',
  pauseQuestion: 'Pause this subscription?',
  pauseText: 'Nothing is billed, and you cannot use it. What is left of the paid period can be used after you resume, until that period is over.',
  paused: 'It is paused.',
  resume: 'Resume',
  keep: 'Keep it after all',
  resumed: 'It goes on.',
  cancel: 'Cancel the subscription',
  cancelQuestion: (name: string) => `Cancel ${name}?`,
  cancelWhen: 'When it ends',
  cancelEnd: (day: string) => `You can use it until ${day}, and are not billed again.`,
  cancelNow: 'It ends at once.',
  credit: 'Put the days that are paid and not used on the balance',
  cancelSubmit: 'Cancel it',
  canceled: 'It is cancelled.',
  look: 'Look again',
};
