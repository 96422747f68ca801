// English: what is collected by itself.
import type { AutopayResult, AutopayTrigger } from '../../../api/types';

export const autopayTriggers = {
  due: 'As soon as something is due',
  threshold: 'As soon as so much is due',
  day: 'On a day of the month',
} satisfies Record<AutopayTrigger, string>;

export const autopayResults = {
  succeeded: (amount: string) => `${amount} was collected.`,
  retrying: (amount: string) => `${amount} could not be collected for now. We will try again.`,
  failed: (amount: string) => `${amount} could not be collected. Please pay it by hand.`,
  needs_customer: (amount: string) => `Your bank wants you to confirm ${amount}. Please pay it by hand.`,
  above_payment_ceiling: (amount: string) => `${amount} is due, more than you allow for one payment. Nothing was collected.`,
  above_month_ceiling: (amount: string) => `${amount} is due, more than is left of what you allow for a month. Nothing was collected.`,
  stopped: (amount: string) => `${amount} could not be collected, and automatic payment was turned off. Choose another method, and turn it on again.`,
} satisfies Record<AutopayResult, (amount: string) => string>;

export const autopay = {
  lead: 'What you owe is collected from a stored method, within the bounds that you set.',
  link: 'Automatic payment',
  currency: 'Currency',
  none: 'There is nothing to collect in yet: it begins with the first charge.',
  on: 'Collect what I owe',
  method: 'Pay with',
  standard: 'My default method, whichever it is then',
  trigger: 'When',
  day: 'Day of the month',
  dayHint: 'The last day where a month is shorter. Two days before, a mail tells you how much.',
  dayWrong: 'Enter a day from 1 to 31.',
  threshold: 'From this amount on',
  amountWrong: 'Enter an amount, such as 25.00.',
  paymentCeiling: 'At most for one payment',
  monthCeiling: 'At most in one month',
  ceilingHint: 'If more is due, nothing is collected, and you are told. Empty for no bound.',
  zone: (zone: string) => `Days and months begin in the time zone ${zone}.`,
  save: 'Save',
  saved: 'Automatic payment is set.',
  turnedOff: 'Automatic payment is off.',
  state: 'How it stands',
  isOn: 'on',
  isOff: 'off',
  next: 'Next',
  whenDue: 'when something is due',
  taken: 'This month so far',
  last: 'Last',
  underWay: 'A payment is under way.',
};
