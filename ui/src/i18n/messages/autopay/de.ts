// German: what is collected by itself.
import type { autopay as english, autopayResults as results, autopayTriggers as triggers } from './en';

export const autopayTriggers: typeof triggers = {
  due: 'Sobald etwas offen ist',
  threshold: 'Sobald so viel offen ist',
  day: 'An einem Tag des Monats',
};

export const autopayResults: typeof results = {
  succeeded: (amount) => `${amount} wurden eingezogen.`,
  retrying: (amount) => `${amount} konnten vorerst nicht eingezogen werden. Wir versuchen es wieder.`,
  failed: (amount) => `${amount} konnten nicht eingezogen werden. Bitte zahlen Sie selbst.`,
  needs_customer: (amount) => `Ihre Bank möchte, dass Sie ${amount} bestätigen. Bitte zahlen Sie selbst.`,
  above_payment_ceiling: (amount) => `${amount} sind offen, mehr als Sie für eine Zahlung erlauben. Es wurde nichts eingezogen.`,
  above_month_ceiling: (amount) => `${amount} sind offen, mehr als von dem übrig ist, was Sie für einen Monat erlauben. Es wurde nichts eingezogen.`,
  stopped: (amount) =>
    `${amount} konnten nicht eingezogen werden, und die automatische Zahlung wurde ausgeschaltet. Wählen Sie eine andere Zahlungsart, und schalten Sie sie wieder ein.`,
};

export const autopay: typeof english = {
  lead: 'Was Sie schulden, wird von einer gespeicherten Zahlungsart eingezogen, in den Grenzen, die Sie setzen.',
  link: 'Automatische Zahlung',
  currency: 'Währung',
  none: 'Es gibt noch nichts einzuziehen: Das beginnt mit der ersten Belastung.',
  on: 'Einziehen, was ich schulde',
  method: 'Bezahlen mit',
  standard: 'Meine Standard-Zahlungsart, welche es dann auch ist',
  trigger: 'Wann',
  day: 'Tag des Monats',
  dayHint: 'Der letzte Tag, wo ein Monat kürzer ist. Zwei Tage vorher sagt Ihnen eine E-Mail, wie viel.',
  dayWrong: 'Geben Sie einen Tag von 1 bis 31 ein.',
  threshold: 'Ab diesem Betrag',
  amountWrong: 'Geben Sie einen Betrag ein, etwa 25,00.',
  paymentCeiling: 'Höchstens für eine Zahlung',
  monthCeiling: 'Höchstens in einem Monat',
  ceilingHint: 'Ist mehr offen, wird nichts eingezogen, und Sie erfahren es. Leer für keine Grenze.',
  zone: (zone) => `Tage und Monate beginnen in der Zeitzone ${zone}.`,
  save: 'Speichern',
  saved: 'Die automatische Zahlung ist eingestellt.',
  turnedOff: 'Die automatische Zahlung ist aus.',
  state: 'So steht es',
  isOn: 'an',
  isOff: 'aus',
  next: 'Als Nächstes',
  whenDue: 'wenn etwas offen ist',
  taken: 'Diesen Monat bisher',
  last: 'Zuletzt',
  underWay: 'Eine Zahlung ist im Gange.',
};
