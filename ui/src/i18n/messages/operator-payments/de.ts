// German: what operators do with payments.
import type { Messages } from '../en';

export const findings = {
  amount: 'Der Zahlungsdienst zeigt einen anderen Betrag, als bestellt war.',
  currency: 'Der Zahlungsdienst zeigt eine andere Währung, als bestellt war: Nichts davon ist gebucht.',
  captured_too_much: 'Es wurde mehr abgebucht, als bestellt war.',
  given_back_too_much: 'Es wurde mehr zurückgegeben oder zurückgeholt, als abgebucht war.',
  twice: 'Der Zahlungsdienst hat zwei Zahlungen für diese eine.',
  refund_from_elsewhere: 'Eine Erstattung wurde beim Zahlungsdienst gemacht und nicht hier.',
  foreign: 'Der Zahlungsdienst zeigt unter unserem Namen eine Zahlung eines anderen Kontos oder Modus.',
  after_end: 'Der Zahlungsdienst hat es für ein beendetes Abonnement abgebucht: Es ist ein Guthaben des Zahlers.',
  unresolved: 'Niemand weiß, was aus einem Auftrag wurde. Entscheiden Sie unten.',
} satisfies Messages['findings'];

export const decisions = {
  look_again: 'Den Zahlungsdienst noch einmal fragen',
  not_sent: 'Sie kam beim Zahlungsdienst nie an',
  explained: 'Was gefunden wurde, ist erklärt',
} satisfies Messages['decisions'];

export const refundReasons = {
  requested: 'Vom Kunden gewünscht',
  duplicate: 'Doppelt bezahlt',
  fraudulent: 'Betrug',
} satisfies Messages['refundReasons'];

export const evidence = {
  product_description: 'Was verkauft wurde',
  customer_name: 'Name des Kunden',
  customer_email: 'E-Mail-Adresse des Kunden',
  customer_ip: 'Netzadresse des Kunden',
  service_date: 'Tag der Leistung',
  access_log: 'Protokoll der Nutzung',
  shipping_carrier: 'Versender',
  shipping_tracking_number: 'Sendungsnummer',
  shipping_date: 'Tag des Versands',
  refund_policy: 'Regeln für Erstattungen',
  refund_refusal: 'Warum nicht erstattet wurde',
  cancellation_policy: 'Regeln für Kündigungen',
  cancellation_refusal: 'Warum nicht gekündigt wurde',
  duplicate_charge: 'Die andere Zahlung',
  duplicate_explanation: 'Warum es zwei sind',
  other: 'Sonstiges',
} satisfies Messages['evidence'];

export const evidenceDocuments = {
  receipt: 'Die Quittung',
  customer_communication: 'Was mit dem Kunden geschrieben wurde',
  customer_signature: 'Die Unterschrift des Kunden',
  shipping_documentation: 'Dass es versandt wurde',
  service_documentation: 'Dass es geleistet wurde',
  cancellation_policy: 'Regeln für Kündigungen',
  refund_policy: 'Regeln für Erstattungen',
  duplicate_charge: 'Die andere Zahlung',
  other: 'Etwas anderes',
} satisfies Messages['evidenceDocuments'];

export const handling = {
  lead: 'Die Zahlungen aller. Was Sie mit einer tun, steht in Ihrem Verlauf und in dem der Person, die zahlt.',
  which: 'Welche',
  ofDay: 'Eines Tages',
  needEye: 'Die jemand ansehen muss',
  day: 'Tag',
  payer: 'Zahlt',
  vendor: 'Zahlungsdienst',
  reference: 'Name beim Zahlungsdienst',
  fee: 'Gebühr',
  code: 'Code der Ablehnung',
  found: 'Was gefunden wurde',
  amount: 'Betrag',
  upTo: (most: string) => `Höchstens ${most}.`,
  amountWrong: (most: string) => `Geben Sie einen Betrag über null ein, höchstens ${most}.`,
  reason: 'Grund',
  refund: 'Erstatten',
  refundText: (left: string) => `${left} lassen sich noch erstatten.`,
  refundNow: (amount: string) => `${amount} erstatten`,
  refunded: 'Die Erstattung ist unterwegs.',
  hold: 'Vorgemerktes Geld',
  holdText: (held: string, left: string) => `${held} lassen sich noch ${left} lang abbuchen. Was nicht abgebucht wird, wird frei.`,
  holdOpen: (held: string) => `${held} lassen sich abbuchen.`,
  capture: 'Abbuchen',
  captured: 'Das Geld wird abgebucht.',
  void: 'Freigeben',
  voidQuestion: 'Das Geld freigeben?',
  voidText: 'Danach lässt es sich nicht mehr abbuchen.',
  voided: 'Die Zahlung wurde abgebrochen.',
  decide: 'Entscheiden',
  decision: 'Entscheidung',
  decisionReason: 'Warum',
  decisionHint: 'Das steht in beiden Verläufen.',
  decisionMissing: 'Geben Sie einen Grund an.',
  decided: 'Ihre Entscheidung ist notiert.',
  answer: 'Der Bank antworten',
  respondIn: (day: string, left: string) => `Belege werden bis ${day} angenommen: noch ${left}.`,
  about: 'Worüber',
  text: 'Beleg',
  textMissing: 'Geben Sie ein, was zu sagen ist.',
  addEvidence: 'Zur Antwort hinzufügen',
  submitNow: 'Endgültig einreichen: Danach lässt sich nichts mehr hinzufügen',
  send: 'Senden',
  said: (count: number) => `Bisher in der Antwort: ${count}`,
  giveUp: 'Aufgeben',
  giveUpQuestion: 'Auf eine Antwort verzichten?',
  giveUpText: 'Das Geld bleibt bei der Person, die gezahlt hat. Das ist endgültig.',
  answered: 'Die Antwort wurde gesendet.',
  handedIn: 'Belege wurden eingereicht.',
  fileAbout: 'Die Datei zeigt',
  file: 'Datei hinzufügen',
  fileHint: 'PDF, PNG oder JPEG, zusammen 4,5 MB. Sie geht an den Anbieter und wird hier nicht aufbewahrt.',
  fileTooLarge: 'Die Dateien sind zusammen größer als 4,5 MB.',
  leaveOut: 'Weglassen',
} satisfies Messages['handling'];

export const callSteps = {
  charge: 'abbuchen',
  complete: 'abschließen',
  capture: 'einziehen',
  void: 'freigeben',
  withdraw: 'abbrechen',
  refund: 'erstatten',
} satisfies Messages['callSteps'];

export const callOutcomes = {
  answered: 'beantwortet',
  refused: 'abgelehnt',
  unknown: 'Antwort verloren',
} satisfies Messages['callOutcomes'];

export const eventResults = {
  applied: 'angewandt',
  unchanged: 'nichts Neues',
  foreign: 'betrifft andere',
  ignored: 'nicht verstanden',
  parked: 'wartet auf das, was sie betrifft',
} satisfies Messages['eventResults'];

export const eventStates = {
  stored: 'wartet auf Anwendung',
  applied: 'angewandt',
  unchanged: 'nichts Neues',
  foreign: 'betrifft andere',
  ignored: 'nicht verstanden',
  parked: 'wartet auf das, was sie betrifft',
  unmatched: 'betrifft nichts Bekanntes',
  dead: 'aufgegeben',
} satisfies Messages['eventStates'];

export const timeline = {
  title: 'Was geschah',
  incomplete: 'Es gibt mehr, als hier gezeigt wird.',
  begun: (amount: string) => `Begonnen über ${amount}`,
  status: (from: string, to: string) => `Von „${from}“ zu „${to}“`,
  call: (step: string) => `Der Zahlungsdienst wird gefragt: ${step}`,
  callAgain: (step: string) => `Der Zahlungsdienst wird dasselbe noch einmal gefragt: ${step}`,
  answer: (step: string, outcome: string) => `Der Zahlungsdienst zu „${step}“: ${outcome}`,
  refund: (amount: string, state: string) => `Erstattung von ${amount}: ${state}`,
  dispute: (state: string, missing: string) => `Bestritten: ${state}; ${missing} zurückgeholt`,
  posting: (kind: string) => `Buchung: ${kind}`,
  explained: 'Was gefunden wurde, ist erklärt.',
  decision: (decision: string, reason: string) => `Entschieden: ${decision}. ${reason}`,
  event: (event: string, result: string) => `Der Zahlungsdienst meldet ${event}: ${result}`,
} satisfies Messages['timeline'];

export const vendorEvents = {
  lead: 'Was Dienste in den letzten 30 Tagen gemeldet haben und was nicht angewandt wurde. Beheben Sie die Ursache und wenden Sie es dann noch einmal an.',
  title: 'Meldungen',
  state: 'Stand',
  all: 'Jeder Stand',
  none: 'Es gibt keine solche Meldung.',
  arrived: (day: string) => `angekommen ${day}`,
  replay: 'Noch einmal anwenden',
  replayNamed: (name: string) => `${name} noch einmal anwenden`,
  replayed: 'Sie wird in Sekunden angewandt.',
  gone: 'Die Sendung wird nicht mehr aufbewahrt. Bitten Sie den Dienst, eine neue zu schicken.',
} satisfies Messages['vendorEvents'];
