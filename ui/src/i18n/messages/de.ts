// German.
import { plurals, rich } from '../grammar';
import type { Messages } from './en';
import { apiKeyOutcomes, apiKeys, apiKeyStatus, scopes } from './api-keys/de';
import { autopay, autopayResults, autopayTriggers } from './autopay/de';
import { billing, customers, entryKinds } from './billing/de';
import { invoices, invoiceStates } from './invoices/de';
import {
  differenceDecisions,
  differenceKinds,
  differenceStates,
  figures,
  invoicing,
  planning,
  planStatus,
  reconciliation,
  runStates,
} from './operator-billing/de';
import {
  callOutcomes,
  callSteps,
  decisions,
  eventResults,
  eventStates,
  evidence,
  evidenceDocuments,
  findings,
  handling,
  refundReasons,
  timeline,
  vendorEvents,
} from './operator-payments/de';
import { operatorRoles, operators } from './operators/de';
import {
  deadMethods,
  declines,
  disputeKinds,
  disputeStatus,
  methodKinds,
  methods,
  pay,
  payments,
  paymentStatus,
  refundStatus,
} from './payments/de';
import { cart, catalog, orderActors, orderBecause, orderEvents, ordering, orders, orderStatus, shop } from './orders/de';
import { recoveryCodes } from './recovery-codes/de';
import { sessions, trustedDevices } from './sessions/de';
import { account } from './account/de';
import { forgotPassword, resetPassword, secondStep, signIn, signUp, verifyEmail } from './entrance/de';
import { problems } from './problems/de';
import { askedOfVendor, cancelWhens, changeWhens, intervals, subscriptionEnds, subscriptions, subscriptionStatus } from './subscriptions/de';

const plural = plurals('de');

export const messages = {
  factors: {
    totp: {
      name: 'Authenticator-App',
      plural: 'Authenticator-Apps',
      yours: 'Ihre Authenticator-App',
      code: 'Code aus Ihrer Authenticator-App',
    },
    sms: {
      name: 'SMS',
      plural: 'Telefonnummern',
      yours: 'Ihre Telefonnummer',
      code: 'Code aus der SMS',
    },
    email: {
      name: 'E-Mail',
      plural: 'E-Mail-Adressen',
      yours: 'Ihre E-Mail-Adresse',
      code: 'Code aus der E-Mail',
    },
  },
  operatorRoles,
  sessionEnd: {
    idle: 'Ihre Sitzung ist beendet, weil sie eine Weile nicht benutzt wurde.',
    expired: 'Ihre Sitzung ist beendet, weil sie ihre längste Dauer erreicht hat.',
    signed_out: 'Sie haben sich aus dieser Sitzung abgemeldet.',
    revoked: 'Ihre Sitzung ist beendet: Sie wurde von einem anderen Ort aus abgemeldet.',
    others_ended: 'Ihre Sitzung ist beendet: Alle anderen wurden von einem anderen Ort aus abgemeldet.',
    password_changed: 'Ihre Sitzung ist beendet, weil das Passwort geändert wurde.',
    password_recovered: 'Ihre Sitzung ist beendet, weil ein vergessenes Passwort ersetzt wurde.',
    too_many: 'Ihre Sitzung ist beendet, weil Ihr Konto an zu vielen Orten angemeldet ist.',
    all_ended: 'Ihre Sitzung ist beendet: Der Betreiber hat alle abgemeldet.',
    backup_restored: 'Ihre Sitzung ist beendet, weil der Dienst aus einer Sicherung wiederhergestellt wurde.',
    account_closed: 'Ihr Konto wurde geschlossen und wird gelöscht.',
  },

  common: {
    cancel: 'Abbrechen',
    close: 'Schließen',
    confirm: 'Bestätigen',
    continue: 'Weiter',
    copied: 'Kopiert',
    copy: 'Kopieren',
    copyFailed: 'Kopieren nicht möglich. Bitte markieren Sie den Text.',
    dismiss: 'Meldung schließen',
    done: 'Fertig',
    loading: 'Wird geladen …',
    remove: 'Entfernen',
    removeNamed: (name: string) => `${name} entfernen`,
    removeNamedQuestion: (name: string) => `${name} entfernen?`,
    tryAgain: 'Erneut versuchen',
    tryAgainIn: (wait: string) => `In ${wait} können Sie es erneut versuchen.`,
  },

  time: {
    justNow: 'gerade eben',
    added: 'Hinzugefügt am',
    lastUsed: 'zuletzt benutzt',
    notUsed: 'noch nicht benutzt',
  },

  pages: {
    overview: 'Übersicht',
    authenticators: 'Authenticator-Apps',
    phones: 'Telefonnummern',
    emails: 'E-Mail-Adressen',
    // May be broken in the narrow navigation.
    recoveryCodes: 'Wiederherstellungs\u00adcodes',
    sessions: 'Sitzungen',
    password: 'Passwort',
    apiKeys: 'API-Schlüssel',
    operators: 'Betreiber',
    customers: 'Kunden',
    billing: 'Abrechnung',
    autopay: 'Automatische Zahlung',
    payments: 'Zahlungen',
    vendorEvents: 'Meldungen der Dienste',
    invoices: 'Rechnungen',
    subscriptions: 'Abonnements',
    allInvoices: 'Alle Rechnungen',
    plans: 'Tarife',
    reconciliation: 'Abgleich',
    figures: 'Zahlen',
    shop: 'Shop',
    cart: 'Warenkorb',
    orders: 'Bestellungen',
    catalog: 'Katalog',
    allOrders: 'Alle Bestellungen',
    account: 'Konto löschen',
  },
  shortPages: { overview: 'Übersicht', authenticators: 'Apps', recoveryCodes: 'Codes', sessions: 'Sitzungen' },

  frame: {
    main: 'Hauptmenü',
    more: 'Mehr',
    morePages: 'Weitere Seiten',
    operator: 'Für Betreiber',
    skip: 'Zum Inhalt springen',
    signOut: 'Abmelden',
    language: 'Sprache',
    languageFailed: 'Die Sprache konnte nicht geladen werden. Prüfen Sie Ihre Verbindung und versuchen Sie es erneut.',
    useLight: 'Helles Design',
    useDark: 'Dunkles Design',
    motto: 'Das Tor zu Ihrem Konto gehört Ihnen.',
    developmentServer: 'Entwicklungsserver.',
    openMailbox: 'Postfach öffnen',
    openDevelopmentMailbox: 'Entwicklungspostfach öffnen',
    developmentMailbox: 'Entwicklungspostfach',
    unreachable: 'Wir können das Tor nicht öffnen',
    notFound: 'Seite nicht gefunden',
    notFoundTitle: 'Unter dieser Adresse ist nichts',
    notFoundText: 'Der Link ist vielleicht veraltet oder enthält einen Tippfehler.',
    toOverview: 'Zur Übersicht',
  },

  fields: {
    account: 'Konto',
    email: 'E-Mail-Adresse',
    name: 'Name',
    optional: '(optional)',
    password: 'Passwort',
    newPassword: 'Neues Passwort',
    currentPassword: 'Aktuelles Passwort',
    show: (label: string) => `${label} anzeigen`,
    phone: 'Telefonnummer',
    recoveryCode: 'Wiederherstellungscode',
    recoveryCodeHint: 'Einer der Codes, die Sie aufbewahrt haben. Jeder gilt einmal.',
  },

  mistakes: {
    email: 'Geben Sie eine E-Mail-Adresse ein, zum Beispiel name@example.com.',
    username: 'Geben Sie eine E-Mail-Adresse ein, zum Beispiel name@example.com.',
    phone_e164: 'Geben Sie eine Telefonnummer mit Ländervorwahl und ohne Durchwahl ein, zum Beispiel +49 151 23456789.',
    label: 'Verwenden Sie höchstens 64 Zeichen in einer Zeile.',
    display_name: 'Verwenden Sie höchstens 64 Zeichen in einer Zeile.',
    code: 'Geben Sie die 6 Ziffern des Codes ein.',
    totp_code: 'Geben Sie die 6 Ziffern des Codes ein.',
    recovery_code: 'Geben Sie einen Ihrer Wiederherstellungscodes ein.',
    password: 'Geben Sie Ihr Passwort ein.',
    current_password: 'Geben Sie das Passwort ein, das Sie jetzt benutzen.',
    new_password: 'Geben Sie ein neues Passwort ein.',
  },
  missing: {
    phone: 'Geben Sie eine Telefonnummer ein.',
    newPassword: 'Wählen Sie ein Passwort.',
    chosenPassword: 'Geben Sie das Passwort ein, das Sie gewählt haben.',
  },

  problems,
  account,

  advice: {
    'address-suppressed': [
      [
        /^Messages to (.+) are refused: it rejected mail on (.+?)\./,
        (to, day) => `Nachrichten an ${to} sind gesperrt: Die Adresse hat am ${day} eine Mail abgewiesen. Verwenden Sie eine andere oder wenden Sie sich an den Support.`,
      ],
      [
        /^Messages to (.+) are refused: it could not be reached on (.+?)\./,
        (to, day) => `Nachrichten an ${to} sind gesperrt: Die Nummer war am ${day} nicht erreichbar. Verwenden Sie eine andere oder wenden Sie sich an den Support.`,
      ],
      [
        /^Messages to (.+) are refused: its owner asked for no more messages on (.+?)\./,
        (to, day) => `Nachrichten an ${to} sind gesperrt: Am ${day} hat jemand darum gebeten, keine mehr zu bekommen. Verwenden Sie ein anderes Ziel oder wenden Sie sich an den Support.`,
      ],
      [
        /^Messages to (.+) are refused: its owner complained about a message on (.+?)\./,
        (to, day) => `Nachrichten an ${to} sind gesperrt: Am ${day} hat sich jemand über eine Nachricht beschwert. Verwenden Sie ein anderes Ziel oder wenden Sie sich an den Support.`,
      ],
    ],
    'weak-password': [
      [/ at least (\d+) characters/, (min) => `Das Passwort braucht mindestens ${min} Zeichen; mehrere Wörter ergeben ein gutes.`],
      [/ at most (\d+) characters/, (max) => `Das Passwort darf höchstens ${max} Zeichen haben.`],
      [/ among the first that are tried/, () => 'Dieses Passwort gehört zu den ersten, die probiert werden: Wählen Sie ein längeres oder weniger verbreitetes.'],
      [
        /^Apart from your name, your address or the name of this service/,
        () => 'Außer Ihrem Namen, Ihrer Adresse oder dem Namen dieses Dienstes steht zu wenig in diesem Passwort: Fügen Sie Wörter hinzu, die nichts damit zu tun haben.',
      ],
    ],
  },

  passwordHint: {
    empty: (min: number) =>
      `Mindestens ${plural(min, { other: '# Zeichen' })}. Einige Wörter ohne Zusammenhang eignen sich gut.`,
    short: (missing: number) => plural(missing, { one: 'Noch # Zeichen fehlt.', other: 'Noch # Zeichen fehlen.' }),
    long: (max: number) => plural(max, { other: 'Verwenden Sie höchstens # Zeichen.' }),
    guessable: 'Lang genug, aber leicht zu erraten. Fügen Sie Wörter hinzu, die nichts mit Ihnen zu tun haben.',
    enough: 'Lang genug. Jedes weitere Wort macht es stärker.',
    good: 'Gute Länge.',
  },

  sentCode: {
    sent: (where: string) => rich`Wir haben einen 6-stelligen Code an ${where} gesendet.`,
    sending: (to: string) => `Ein Code wird an ${to} gesendet …`,
    none: 'Es ist noch kein Code unterwegs.',
    send: 'Code senden',
    sendNew: 'Neuen Code senden',
    sendAgainIn: (wait: string) => `Erneut senden in ${wait}`,
  },

  proof: {
    appHint: 'Die 6 Ziffern, die die App für dieses Konto zeigt.',
    trust: (days: number) =>
      plural(days, { one: 'Diesem Gerät # Tag lang vertrauen', other: 'Diesem Gerät # Tage lang vertrauen' }),
    useCode: 'Stattdessen einen Code verwenden',
    useRecoveryCode: 'Stattdessen einen Wiederherstellungscode verwenden',
    anotherWay: 'Einen anderen Weg wählen',
    ways: 'Wege zur Bestätigung',
    wayTo: (factor: string, address: string) => `${factor} an ${address}`,
    with: 'Bestätigen mit',
  },

  signIn,
  secondStep,
  signUp,
  verifyEmail,
  forgotPassword,
  resetPassword,

  overview: {
    hello: (name: string) => `Hallo, ${name}`,
    title: 'Ihr Konto',
    lead: 'Was Ihr Konto schützt und wo Sie angemeldet sind.',
    signingIn: 'Anmeldung',
    address: 'Anmeldeadresse',
    noAddress: 'Keine Adresse',
    verified: 'Bestätigt',
    notVerified: 'Nicht bestätigt',
    enterCode: 'Code eingeben',
    passwordText: 'Ändern Sie es, wenn jemand anderes es kennen könnte.',
    secondStep: 'Zweiter Schritt',
    inUse: (count: number) => plural(count, { other: '# in Benutzung' }),
    notSetUp: 'Nicht eingerichtet',
    on: 'An',
    recoveryCodesText: 'Sie erhalten sie mit Ihrem ersten zweiten Schritt.',
    codesLeft: (factor: string, count: number) => plural(count, { other: `${factor}: noch #` }),
    runningOut: 'Fast aufgebraucht',
    signedIn: 'Angemeldet',
    places: (count: number) => plural(count, { one: 'Zurzeit # Ort', other: 'Zurzeit # Orte' }),
    placesOrMore: (count: number) => plural(count, { one: 'Zurzeit # Ort oder mehr', other: 'Zurzeit # Orte oder mehr' }),
  },

  standing: {
    good: 'Ihr Konto ist gut geschützt',
    goodText: 'Es gibt nichts zu tun. Sehen Sie von Zeit zu Zeit Ihre Sitzungen durch.',
    passwordOnly: 'Nur Ihr Passwort schützt dieses Konto',
    passwordOnlyText:
      'Fügen Sie eine Authenticator-App hinzu, und ein gestohlenes Passwort allein öffnet nichts. Das dauert etwa eine Minute.',
    noCodes: 'Sie haben keine Wiederherstellungscodes mehr',
    fewCodes: 'Ihre Wiederherstellungscodes gehen zur Neige',
    codesText: (factor: string) =>
      `Erstellen Sie neue Codes für „${factor}“, damit ein verlorenes Gerät Sie nicht aussperrt.`,
    unverified: 'Ihre E-Mail-Adresse ist nicht bestätigt',
    unverifiedText:
      'Geben Sie den Code ein, den wir Ihnen gesendet haben. Dann erreichen wir Sie, wenn mit Ihrem Konto etwas geschieht.',
    fair: 'Ihr Konto ist geschützt',
    fairText: 'Mit einer Authenticator-App wäre es noch sicherer: Ihre Codes können unterwegs nicht abgefangen werden.',
  },

  password: {
    title: 'Passwort ändern',
    lead: 'Hier bleiben Sie angemeldet. Jede andere Sitzung muss sich mit dem neuen Passwort anmelden.',
    submit: 'Passwort ändern',
    wrong: 'Das Passwort ist falsch.',
    changed: 'Ihr Passwort ist geändert.',
    othersSignedOut: (count: number) =>
      plural(count, { one: '# andere Sitzung abgemeldet.', other: '# andere Sitzungen abgemeldet.' }),
  },

  authenticators: {
    lead: 'Eine App auf Ihrem eigenen Gerät erzeugt den Code. Das ist hier die sicherste Wahl, und sie kommt ohne Netz aus.',
    add: 'Authenticator-App hinzufügen',
    addTitle: 'Eine Authenticator-App hinzufügen',
    emptyTitle: 'Noch keine Authenticator-App',
    emptyText: 'Mit ihr öffnet ein gestohlenes Passwort allein nichts. Das Einrichten dauert etwa eine Minute.',
    added: 'Authenticator-App hinzugefügt.',
    removed: 'Authenticator-App entfernt.',
    removeText: 'Mit Codes aus dieser App kommen Sie nicht mehr hinein. Löschen Sie danach den Eintrag in der App.',
    about:
      'Eine Authenticator-App ist eine kostenlose App auf Ihrem Telefon oder Computer, die Anmeldecodes erzeugt, auch ohne Netz. In den meisten Passwortmanagern ist eine enthalten.',
    nameHint: 'Damit Sie sie später wiedererkennen, zum Beispiel „Mein Telefon“.',
    scan: 'Scannen Sie dieses Bild mit Ihrer Authenticator-App. Sie zeigt dann alle 30 Sekunden einen neuen 6-stelligen Code.',
    qrCode: 'QR-Code für Ihre Authenticator-App. Derselbe Schlüssel steht daneben als Text.',
    byHand: 'Scannen nicht möglich? Geben Sie diesen Schlüssel in die App ein:',
    copyKey: 'Schlüssel kopieren',
    code: 'Code aus der App',
    turnOn: 'Einschalten',
  },

  addresses: {
    turnOn: 'Einschalten',
    removeText: (address: string) =>
      rich`${address} wird bei der Anmeldung nicht mehr verwendet. Damit sicher ist, dass Sie es sind, fragen wir noch einmal nach einem Code.`,
    sms: {
      lead: 'An diese Nummern senden wir Anmeldecodes als SMS.',
      add: 'Telefonnummer hinzufügen',
      addTitle: 'Eine Telefonnummer hinzufügen',
      hint: 'Am besten mit Ländervorwahl, zum Beispiel +49 151 23456789.',
      change: 'Nummer ändern',
      emptyTitle: 'Noch keine Telefonnummer',
      emptyText: 'Fügen Sie eine Nummer hinzu, und bei jeder Anmeldung wird nach einem Code aus einer SMS gefragt.',
      unavailable:
        'Dieser Dienst kann im Moment keine SMS senden, deshalb kann keine Nummer hinzugefügt werden. Eine Authenticator-App kommt ohne sie aus.',
      added: 'Telefonnummer hinzugefügt.',
      removed: 'Telefonnummer entfernt.',
      removeTitle: 'Diese Nummer entfernen?',
    },
    email: {
      lead: 'An diese Adressen senden wir Anmeldecodes.',
      add: 'E-Mail-Adresse hinzufügen',
      addTitle: 'Eine E-Mail-Adresse hinzufügen',
      hint: 'Am besten eine andere als die, mit der Sie sich anmelden.',
      change: 'Adresse ändern',
      emptyTitle: 'Noch keine E-Mail-Adresse für Codes',
      emptyText:
        'Fügen Sie eine Adresse hinzu, und bei jeder Anmeldung wird nach einem Code aus einer E-Mail gefragt. Ihre Anmeldeadresse wird dafür nur verwendet, wenn Sie sie hier hinzufügen.',
      unavailable:
        'Dieser Dienst kann im Moment keine E-Mails senden, deshalb kann keine Adresse hinzugefügt werden. Eine Authenticator-App kommt ohne sie aus.',
      added: 'E-Mail-Adresse hinzugefügt.',
      removed: 'E-Mail-Adresse entfernt.',
      removeTitle: 'Diese Adresse entfernen?',
    },
  },

  recoveryCodes,
  sessions,
  trustedDevices,

  apiKeys,
  apiKeyOutcomes,
  apiKeyStatus,
  scopes,
  autopay,
  autopayResults,
  autopayTriggers,
  billing,
  customers,
  entryKinds,
  operators,
  pay,
  payments,
  methods,
  paymentStatus,
  declines,
  methodKinds,
  deadMethods,
  refundStatus,
  disputeKinds,
  disputeStatus,
  handling,
  findings,
  decisions,
  refundReasons,
  evidence,
  evidenceDocuments,
  callSteps,
  callOutcomes,
  eventResults,
  eventStates,
  timeline,
  vendorEvents,
  invoices,
  invoiceStates,
  invoicing,
  subscriptions,
  subscriptionStatus,
  subscriptionEnds,
  askedOfVendor,
  intervals,
  shop,
  cart,
  orders,
  orderStatus,
  orderBecause,
  orderEvents,
  orderActors,
  catalog,
  ordering,
  cancelWhens,
  changeWhens,
  planning,
  planStatus,
  figures,
  reconciliation,
  runStates,
  differenceStates,
  differenceKinds,
  differenceDecisions,

  stepUp: {
    title: 'Bitte bestätigen Sie, dass Sie es sind',
    text: 'Das schützt Ihr Konto, wenn jemand anderes an Ihrem Gerät ist. In den nächsten Minuten werden Sie nicht noch einmal gefragt.',
  },
} satisfies Messages;
