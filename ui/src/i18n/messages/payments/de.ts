// German: how somebody pays, and with what.
import type { Messages } from '../en';

export const paymentStatus = {
  sending: { name: 'wird gesendet', text: 'Die Zahlung ist auf dem Weg zum Zahlungsdienst.' },
  unknown: {
    name: 'noch ungewiss',
    text: 'Wir wissen noch nicht, ob die Zahlung angekommen ist. Wir fragen nach; nichts wird doppelt abgebucht. Zahlen Sie nicht noch einmal.',
  },
  requires_action: { name: 'wartet auf Sie', text: 'Sie müssen etwas tun, bevor das bezahlt ist.' },
  processing: { name: 'in Bearbeitung', text: 'Ihre Bank arbeitet daran. Bei Bankkonten dauert das einige Tage.' },
  authorized: { name: 'vorgemerkt', text: 'Das Geld ist auf Ihrem Konto vorgemerkt und noch nicht abgebucht.' },
  capturing: { name: 'wird abgebucht', text: 'Das vorgemerkte Geld wird abgebucht.' },
  succeeded: { name: 'bezahlt', text: 'Das ist bezahlt.' },
  failed: { name: 'abgelehnt', text: 'Die Zahlung wurde abgelehnt. Es wurde nichts abgebucht.' },
  canceled: { name: 'abgebrochen', text: 'Die Zahlung wurde abgebrochen. Es wurde nichts abgebucht.' },
} satisfies Messages['paymentStatus'];

export const declines = {
  retry_later: 'Die Zahlung wurde vorerst abgelehnt. Versuchen Sie es später noch einmal oder zahlen Sie anders.',
  other_method: 'Die Zahlung wurde abgelehnt. Zahlen Sie mit einer anderen Karte oder einem anderen Konto, oder fragen Sie Ihre Bank.',
  authenticate: 'Ihre Bank möchte wissen, ob Sie es sind. Versuchen Sie es noch einmal und beantworten Sie die Frage.',
  never: 'Die Zahlung wurde endgültig abgelehnt. Zahlen Sie mit einer anderen Karte oder einem anderen Konto.',
  our_side: 'Die Zahlung war aus einem Grund nicht möglich, der bei uns liegt. Sie müssen nichts tun; versuchen Sie es später noch einmal.',
} satisfies Messages['declines'];

export const methodKinds = {
  card: 'Karte',
  us_bank_debit: 'US-Bankkonto',
  sepa_debit: 'SEPA-Lastschrift',
  wallet: 'Geldbörse',
  token: 'Beim Zahlungsdienst hinterlegt',
} satisfies Messages['methodKinds'];

export const deadMethods = {
  expired: 'Sie ist abgelaufen. Fügen Sie sie mit dem neuen Datum wieder hinzu.',
  detached: 'Sie wurde beim Zahlungsdienst entfernt. Fügen Sie sie wieder hinzu.',
  mandate_withdrawn: 'Die Einwilligung in Lastschriften wurde widerrufen. Fügen Sie das Konto wieder hinzu.',
  used_up: 'Damit ließ sich nur einmal zahlen.',
  other_account: 'Sie gehört zu einem Konto des Zahlungsdienstes, das nicht mehr verbunden ist. Fügen Sie sie wieder hinzu.',
} satisfies Messages['deadMethods'];

export const refundStatus = {
  sending: 'wird gesendet',
  unknown: 'noch ungewiss',
  pending: 'unterwegs',
  succeeded: 'erstattet',
  failed: 'kam zurück',
  canceled: 'abgebrochen',
} satisfies Messages['refundStatus'];

export const disputeKinds = {
  inquiry: 'Rückfrage der Bank',
  chargeback: 'Bei der Bank bestritten',
  bank_return: 'Von der Bank zurückgegeben',
} satisfies Messages['disputeKinds'];

export const disputeStatus = {
  needs_response: 'wartet auf Antwort',
  under_review: 'bei der Bank',
  won: 'für den Dienst entschieden',
  lost: 'für den Zahlenden entschieden',
  closed: 'abgeschlossen',
} satisfies Messages['disputeStatus'];

export const payments = {
  title: 'Zahlungen',
  none: 'Es gibt keine solche Zahlung.',
  status: 'Stand',
  vendor: 'Zahlungsdienst',
  allVendors: 'Alle Zahlungsdienste',
  everyStatus: 'Jeder Stand',
  back: 'Alle Zahlungen',
  begun: 'Begonnen',
  changed: 'Zuletzt geändert',
  paidWith: 'Bezahlt mit',
  number: 'Zahlung',
  captured: 'Abgebucht',
  held: 'Vorgemerkt bis',
  refunded: 'Erstattet',
  refunds: 'Erstattungen',
  disputes: 'Bestritten',
  late: 'Das Geld kam, nachdem die Zahlung aufgegeben war: Es ist Ihr Guthaben.',
  receipt: 'Quittung',
  receiptPdf: 'Quittung als PDF',
  statementOf: 'Auszug für',
  statement: 'Als Tabelle (CSV)',
  statementPdf: 'Als PDF',
  openTitle: 'Ihre Bank fragt nach',
  openText: (amount: string, day: string) => `${amount}, begonnen ${day}`,
  goOn: 'Weiter',
  callOff: 'Abbrechen',
  callOffQuestion: 'Diese Zahlung abbrechen?',
  callOffText: 'Es wird nichts abgebucht. Sie können jederzeit neu zahlen.',
  calledOff: 'Die Zahlung wurde abgebrochen.',
} satisfies Messages['payments'];

export const pay = {
  title: 'Zahlen',
  lead: 'Zahlen Sie, was offen ist. Was Sie von einer Karte oder einem Konto eingeben, erfährt nur der Zahlungsdienst.',
  nothingTitle: 'Nichts zu zahlen',
  nothingText: 'Es ist nichts offen, was hier bezahlt werden könnte.',
  noVendor: 'Zahlungen in dieser Währung werden hier nicht angenommen. Fragen Sie den Support.',
  amount: 'Betrag',
  amountHint: (most: string) => `Höchstens ${most}.`,
  amountWrong: (least: string, most: string) => `Geben Sie einen Betrag von ${least} bis ${most} ein.`,
  amountStep: (step: string) => `Geben Sie ein Vielfaches von ${step} ein.`,
  with: 'Zahlen mit',
  withNew: 'Andere Karte oder anderes Konto',
  withPage: 'Auf der Seite des Zahlungsdienstes',
  outside: 'Per Überweisung, bar oder mit Gutschein',
  instructions: 'So zahlen Sie',
  accountHolder: 'Kontoinhaber',
  iban: 'IBAN',
  bic: 'BIC',
  reference: 'Verwendungszweck',
  referenceText: 'Geben Sie den Verwendungszweck an, damit Ihre Zahlung erkannt wird.',
  at: (choice: string, vendor: string) => `${choice} (${vendor})`,
  ends: (label: string, last4: string) => `${label} mit den Endziffern ${last4}`,
  save: 'Für spätere Zahlungen aufbewahren',
  begin: 'Weiter',
  payNow: (amount: string) => `${amount} zahlen`,
  confirm: (amount: string) => `${amount} bestätigen`,
  enter: 'Ihre Karte oder Ihr Konto',
  notDone: 'Das ist noch nicht fertig. Geben Sie Ihre Karte oder Ihr Konto ein, oder nehmen Sie etwas anderes.',
  sent: 'Sie werden zur Seite des Zahlungsdienstes geleitet.',
  wait: (when: string) => `Vor ${when} ist nichts zu tun.`,
  elsewhere: 'Was als Nächstes zu tun ist, geht auf dieser Seite nicht. Fragen Sie den Support.',
  look: 'Noch einmal nachsehen',
  toBilling: 'Zurück zur Abrechnung',
  another: 'Anders zahlen',
} satisfies Messages['pay'];

export const methods = {
  title: 'Karten und Konten',
  none: 'Es ist keine Karte und kein Konto hinterlegt.',
  add: 'Hinzufügen',
  standard: 'Standard',
  expiring: 'läuft bald ab',
  dead: 'nicht verwendbar',
  expires: (month: string) => `bis ${month}`,
  makeDefault: 'Als Standard',
  makeDefaultNamed: (name: string) => `${name} zum Standard machen`,
  isDefault: (name: string) => `${name} ist jetzt der Standard.`,
  up: 'Nach oben',
  upNamed: (name: string) => `${name} nach oben`,
  removeText: 'Sie wird hier und beim Zahlungsdienst vergessen. Was damit bezahlt wurde, bleibt.',
  removed: (name: string) => `${name} wurde entfernt.`,
  addTitle: 'Karte oder Konto hinzufügen',
  addLead: 'Was Sie eingeben, erfährt nur der Zahlungsdienst. Es wird nichts abgebucht.',
  store: 'Hinterlegen',
  begin: 'Weiter',
  added: 'Es ist hinterlegt.',
  processing: 'Der Zahlungsdienst oder Ihre Bank arbeitet daran. Kommen Sie später wieder.',
  failed: 'Das wurde nicht angenommen. Nehmen Sie etwas anderes.',
  depositsText: (day: string) => `Bis ${day} kommen kleine Beträge auf dem Konto an. Sagen Sie dann, was ankam; bewahren Sie die Adresse dieser Seite bis dahin auf.`,
  first: 'Erster Betrag, in Cent',
  second: 'Zweiter Betrag, in Cent',
  code: 'Code im Text der Gutschrift',
  cents: 'Geben Sie eine Anzahl von Cent ein, etwa 32.',
  codeMissing: 'Geben Sie den Code ein.',
  prove: 'Bestätigen',
  notOffered: 'Karten und Konten lassen sich hier nicht hinterlegen.',
} satisfies Messages['methods'];
