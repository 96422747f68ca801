// English: the sentences of the panel, area by area. Every other language says the same.
import type { EndReason, Factor } from '../../api/types';
import { type Advice, plurals, rich } from '../grammar';
import { apiKeyOutcomes, apiKeys, apiKeyStatus, scopes } from './api-keys/en';
import { autopay, autopayResults, autopayTriggers } from './autopay/en';
import { billing, customers, entryKinds } from './billing/en';
import { invoices, invoiceStates } from './invoices/en';
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
} from './operator-billing/en';
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
} from './operator-payments/en';
import { operatorRoles, operators } from './operators/en';
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
} from './payments/en';
import { cart, catalog, orderActors, orderBecause, orderEvents, ordering, orders, orderStatus, shop } from './orders/en';
import { recoveryCodes } from './recovery-codes/en';
import { sessions, trustedDevices } from './sessions/en';
import { account } from './account/en';
import { forgotPassword, resetPassword, secondStep, signIn, signUp, verifyEmail } from './entrance/en';
import { problems } from './problems/en';
import { askedOfVendor, cancelWhens, changeWhens, intervals, subscriptionEnds, subscriptions, subscriptionStatus } from './subscriptions/en';

const plural = plurals('en');

const factors = {
  totp: {
    name: 'Authenticator app',
    plural: 'Authenticator apps',
    yours: 'your authenticator app',
    code: 'Code from your authenticator app',
  },
  sms: {
    name: 'Text message',
    plural: 'Phone numbers',
    yours: 'your phone number',
    code: 'Code from the text message',
  },
  email: {
    name: 'E-mail',
    plural: 'E-mail addresses',
    yours: 'your e-mail address',
    code: 'Code from the e-mail',
  },
} satisfies Record<Factor, object>;

const sessionEnd = {
  idle: 'Your session has ended because it was not used for a while.',
  expired: 'Your session has ended because it reached its longest duration.',
  signed_out: 'You signed out of this session.',
  revoked: 'Your session has ended: it was signed out from another place.',
  others_ended: 'Your session has ended: all others were signed out from another place.',
  password_changed: 'Your session has ended because the password was changed.',
  password_recovered: 'Your session has ended because a forgotten password was replaced.',
  too_many: 'Your session has ended because your account is signed in in too many places.',
  all_ended: 'Your session has ended: the operator signed everybody out.',
  backup_restored: 'Your session has ended because the service was restored from a backup.',
  account_closed: 'Your account was closed and is being deleted.',
} satisfies Record<EndReason, string>;

/** The server speaks English. */
const asSaid: Advice = [[/^(.+)$/s, (said) => said]];

export const en = {
  factors,
  sessionEnd,
  operatorRoles,

  common: {
    cancel: 'Cancel',
    close: 'Close',
    confirm: 'Confirm',
    continue: 'Continue',
    copied: 'Copied',
    copy: 'Copy',
    copyFailed: 'Could not copy. Please select the text.',
    dismiss: 'Dismiss message',
    done: 'Done',
    loading: 'Loading…',
    remove: 'Remove',
    removeNamed: (name: string) => `Remove ${name}`,
    removeNamedQuestion: (name: string) => `Remove ${name}?`,
    tryAgain: 'Try again',
    tryAgainIn: (wait: string) => `You can try again in ${wait}.`,
  },

  time: {
    justNow: 'just now',
    added: 'Added',
    lastUsed: 'last used',
    notUsed: 'not used yet',
  },

  pages: {
    overview: 'Overview',
    authenticators: 'Authenticator apps',
    phones: 'Phone numbers',
    emails: 'E-mail addresses',
    recoveryCodes: 'Recovery codes',
    sessions: 'Sessions',
    password: 'Password',
    apiKeys: 'API keys',
    operators: 'Operators',
    customers: 'Customers',
    billing: 'Billing',
    autopay: 'Automatic payment',
    payments: 'Payments',
    vendorEvents: 'Events of vendors',
    invoices: 'Invoices',
    subscriptions: 'Subscriptions',
    allInvoices: 'All invoices',
    plans: 'Plans',
    reconciliation: 'Reconciliation',
    figures: 'Figures',
    shop: 'Shop',
    cart: 'Cart',
    orders: 'Orders',
    catalog: 'Catalog',
    allOrders: 'All orders',
    account: 'Delete account',
  },
  /** For the narrow bar at the bottom of a phone. */
  shortPages: { overview: 'Overview', authenticators: 'Apps', recoveryCodes: 'Codes', sessions: 'Sessions' },

  frame: {
    main: 'Main',
    more: 'More',
    morePages: 'More pages',
    operator: 'For operators',
    skip: 'Skip to the content',
    signOut: 'Sign out',
    language: 'Language',
    languageFailed: 'The language could not be fetched. Check your connection, then try again.',
    useLight: 'Use light theme',
    useDark: 'Use dark theme',
    motto: 'The gate to your account is yours to keep.',
    developmentServer: 'Development server.',
    openMailbox: 'Open the mailbox',
    openDevelopmentMailbox: 'Open the development mailbox',
    developmentMailbox: 'Development mailbox',
    unreachable: 'We cannot open the gate',
    notFound: 'Page not found',
    notFoundTitle: 'There is nothing at this address',
    notFoundText: 'The link may be old, or mistyped.',
    toOverview: 'Go to the overview',
  },

  fields: {
    account: 'Account',
    email: 'E-mail address',
    name: 'Name',
    optional: '(optional)',
    password: 'Password',
    newPassword: 'New password',
    currentPassword: 'Current password',
    show: (label: string) => `Show ${label.toLowerCase()}`,
    phone: 'Phone number',
    recoveryCode: 'Recovery code',
    recoveryCodeHint: 'One of the codes you saved. Each works once.',
  },

  /** What is wrong with a field, by its name in the request. */
  mistakes: {
    email: 'Enter an e-mail address, like name@example.com.',
    username: 'Enter an e-mail address, like name@example.com.',
    phone_e164: 'Enter a phone number with its country code, like +49 151 23456789, and without an extension.',
    label: 'Use at most 64 characters in one line.',
    display_name: 'Use at most 64 characters in one line.',
    code: 'Enter the 6 digits of the code.',
    totp_code: 'Enter the 6 digits of the code.',
    recovery_code: 'Enter one of your recovery codes.',
    password: 'Enter your password.',
    current_password: 'Enter the password you use now.',
    new_password: 'Enter a new password.',
  },
  missing: {
    phone: 'Enter a phone number.',
    newPassword: 'Choose a password.',
    chosenPassword: 'Enter the password you chose.',
  },

  /** Why something did not succeed, by the code of the problem. What stands nowhere here is said in the server's words. */
  problems,
  account,

  // Where the server knows more of the case than its code says.
  advice: {
    'address-suppressed': asSaid,
    'weak-password': asSaid,
  },

  passwordHint: {
    empty: (min: number) => `At least ${plural(min, { one: '# character', other: '# characters' })}. A few unrelated words work well.`,
    short: (missing: number) => plural(missing, { one: '# more character to go.', other: '# more characters to go.' }),
    long: (max: number) => plural(max, { one: 'Use at most # character.', other: 'Use at most # characters.' }),
    guessable: 'Long enough, but easy to guess. Add words that have nothing to do with you.',
    enough: 'Long enough. Each further word makes it stronger.',
    good: 'Good length.',
  },

  sentCode: {
    sent: (where: string) => rich`We sent a 6-digit code to ${where}.`,
    sending: (to: string) => `Sending a code to ${to}…`,
    none: 'No code is on its way yet.',
    send: 'Send code',
    sendNew: 'Send a new code',
    sendAgainIn: (wait: string) => `Send again in ${wait}`,
  },

  proof: {
    appHint: 'The 6 digits that the app shows for this account.',
    trust: (days: number) => plural(days, { one: 'Trust this device for # day', other: 'Trust this device for # days' }),
    useCode: 'Use a code instead',
    useRecoveryCode: 'Use a recovery code instead',
    anotherWay: 'Try another way',
    ways: 'Ways to confirm',
    wayTo: (factor: string, address: string) => `${factor} to ${address}`,
    with: 'Confirm with',
  },

  signIn,
  secondStep,
  signUp,
  verifyEmail,
  forgotPassword,
  resetPassword,

  overview: {
    hello: (name: string) => `Hello, ${name}`,
    title: 'Your account',
    lead: 'What protects your account, and where you are signed in.',
    signingIn: 'Signing in',
    address: 'Sign-in address',
    noAddress: 'No address',
    verified: 'Verified',
    notVerified: 'Not verified',
    enterCode: 'Enter code',
    passwordText: 'Change it when somebody else may know it.',
    secondStep: 'Second step',
    inUse: (count: number) => plural(count, { other: '# in use' }),
    notSetUp: 'Not set up',
    on: 'On',
    recoveryCodesText: 'You get them with your first second step.',
    codesLeft: (factor: string, count: number) => plural(count, { other: `${factor}: # left` }),
    runningOut: 'Running out',
    signedIn: 'Signed in',
    places: (count: number) => plural(count, { one: '# place right now', other: '# places right now' }),
    placesOrMore: (count: number) => plural(count, { one: '# place or more right now', other: '# places or more right now' }),
  },

  standing: {
    good: 'Your account is well protected',
    goodText: 'Nothing needs your attention. Look at your sessions from time to time.',
    passwordOnly: 'Only your password protects this account',
    passwordOnlyText: 'Add an authenticator app, and a stolen password alone opens nothing. It takes about a minute.',
    noCodes: 'You have no recovery codes left',
    fewCodes: 'You are running out of recovery codes',
    codesText: (factor: string) => `Create new codes for “${factor}”, so that a lost device does not lock you out.`,
    unverified: 'Your e-mail address is not verified',
    unverifiedText: 'Enter the code we mailed you. Then we can reach you when something happens to your account.',
    fair: 'Your account is protected',
    fairText: 'An authenticator app would make it safer still: its codes cannot be caught on the way to you.',
  },

  password: {
    title: 'Change password',
    lead: 'You stay signed in here. Every other session has to sign in with the new password.',
    submit: 'Change password',
    wrong: 'The password is wrong.',
    changed: 'Your password is changed.',
    othersSignedOut: (count: number) => plural(count, { one: '# other session signed out.', other: '# other sessions signed out.' }),
  },

  authenticators: {
    lead: 'An app on your own device makes the code. This is the safest choice here, and it works without a network.',
    add: 'Add authenticator app',
    addTitle: 'Add an authenticator app',
    emptyTitle: 'No authenticator app yet',
    emptyText: 'With one, a stolen password alone opens nothing. Setting it up takes about a minute.',
    added: 'Authenticator app added.',
    removed: 'Authenticator app removed.',
    removeText: 'Codes from this app will no longer let you in. Delete the entry in the app afterwards.',
    about:
      'An authenticator app is a free app on your phone or computer that makes sign-in codes, even without a network. Most password managers have one built in.',
    nameHint: 'So that you recognise it later, for example “My phone”.',
    scan: 'Scan this picture with your authenticator app. It then shows a new 6-digit code every 30 seconds.',
    qrCode: 'QR code for your authenticator app. The same key stands beside it as text.',
    byHand: 'Cannot scan it? Type this key into the app:',
    copyKey: 'Copy key',
    code: 'Code from the app',
    turnOn: 'Turn it on',
  },

  addresses: {
    turnOn: 'Turn it on',
    removeText: (address: string) =>
      rich`${address} will no longer be used when you sign in. To be sure that it is you, we ask for a code once more.`,
    sms: {
      lead: 'We send sign-in codes to these numbers as text messages.',
      add: 'Add phone number',
      addTitle: 'Add a phone number',
      hint: 'Best with the country code, like +49 151 23456789.',
      change: 'Change the number',
      emptyTitle: 'No phone number yet',
      emptyText: 'Add a number, and a code by text message is asked for whenever you sign in.',
      unavailable:
        'This service cannot send text messages at the moment, so no number can be added. An authenticator app works without them.',
      added: 'Phone number added.',
      removed: 'Phone number removed.',
      removeTitle: 'Remove this number?',
    },
    email: {
      lead: 'We send sign-in codes to these addresses.',
      add: 'Add e-mail address',
      addTitle: 'Add an e-mail address',
      hint: 'Best is one other than the address you sign in with.',
      change: 'Change the address',
      emptyTitle: 'No e-mail address for codes yet',
      emptyText:
        'Add an address, and a code by e-mail is asked for whenever you sign in. Your sign-in address is not used for codes unless you add it here.',
      unavailable:
        'This service cannot send e-mail at the moment, so no address can be added. An authenticator app works without it.',
      added: 'E-mail address added.',
      removed: 'E-mail address removed.',
      removeTitle: 'Remove this address?',
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
    title: 'Please confirm it’s you',
    text: 'This protects your account when somebody else is at your device. You will not be asked again for a few minutes.',
  },
};

export type Messages = typeof en;
