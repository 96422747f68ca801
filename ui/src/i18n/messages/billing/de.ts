// German: what is owed and paid.
import type { Messages } from '../en';

export const entryKinds = {
  sale: 'Kauf',
  sale_reversed: 'Kauf zurückgenommen',
  sale_restored: 'Kauf zählt wieder',
  hold: 'Zahlung begonnen',
  capture: 'Zahlung',
  void: 'Zahlung ohne Geld beendet',
  refund: 'Erstattung',
  refund_failed: 'Erstattung kam zurück',
  dispute_withdrawn: 'Zahlung bestritten',
  dispute_reinstated: 'Bestrittene Zahlung gilt wieder',
  write_off: 'Forderung aufgegeben',
  credit: 'Gutschrift',
  debit: 'Belastung',
  adopted: 'Zahlung zugeordnet',
  fee: 'Gebühr',
  fee_returned: 'Gebühr zurückgegeben',
  unmatched: 'Ungeklärtes Geld',
  unmatched_returned: 'Ungeklärtes Geld zurückgegeben',
  payout: 'Auszahlung',
  payout_returned: 'Auszahlung kam zurück',
} satisfies Messages['entryKinds'];

export const billing = {
  lead: 'Was Ihnen berechnet wurde und was Sie bezahlt haben, in jeder Währung.',
  balances: 'Kontostand',
  toPay: 'Zu zahlen',
  settled: 'Nichts zu zahlen',
  credited: 'Ihr Guthaben',
  underWay: (amount: string) => `Zahlungen von ${amount} sind unterwegs.`,
  emptyTitle: 'Es wurde noch nichts berechnet',
  emptyText: 'Was Sie kaufen und was Sie bezahlen, steht dann hier.',
  history: 'Verlauf',
  currency: 'Währung',
  show: 'Anzeigen',
  everything: 'Alles',
  noEntries: 'Davon gibt es nichts.',
  more: 'Mehr anzeigen',
  pending: 'offen',
  after: (amount: string) => `Kontostand ${amount}`,
} satisfies Messages['billing'];

export const customers = {
  lead: 'Sehen Sie nach, was jemand schuldet und bezahlt hat. Dass Sie nachgesehen haben, steht in Ihrem Verlauf und in dem der Person.',
  subject: 'Konto',
  subjectHint: 'Der feste Name, etwa usr_01h2xcejqtf2nbrexx3vqjhp41.',
  subjectMissing: 'Geben Sie den Namen eines Kontos ein.',
  look: 'Nachsehen',
  moved: (debit: string, credit: string, amount: string) => `${debit} / ${credit} ${amount}`,
} satisfies Messages['customers'];
