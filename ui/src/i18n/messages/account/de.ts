// German: closing the account.
import type { Messages } from '../en';

export const account = {
  lead: 'Was aus Ihrem Konto wird, wenn Sie es nicht mehr brauchen.',
  about: 'Schließen und löschen lassen',
  openTitle: 'Dieses Konto löschen',
  openText:
    'Ihr Konto wird sofort geschlossen und nach einer Frist mit allem gelöscht, was darin ist. Abonnements enden, und gespeicherte Zahlungsarten werden vergessen. Was wir von Zahlungen nach dem Gesetz aufbewahren, führt nicht mehr zu Ihnen.',
  close: 'Konto löschen…',
  closeTitle: 'Ihr Konto löschen?',
  closeText: 'Bis es gelöscht ist, können Sie sich anmelden und es behalten. Danach lässt sich nichts zurückholen.',
  closeAction: 'Konto löschen',
  closed: 'Ihr Konto ist geschlossen.',
  scheduledTitle: (day: string) => `Dieses Konto wird am ${day} gelöscht`,
  scheduledText: 'Bis dahin geht alles wie bisher. Wenn Sie bleiben möchten, behalten Sie es.',
  keep: 'Konto behalten',
  kept: 'Ihr Konto bleibt.',
} satisfies Messages['account'];
