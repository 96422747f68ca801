// German: signing up and in, and the way back.
import { rich } from '../../grammar';
import type { Messages } from '../en';

export const signIn = {
  title: 'Anmelden',
  submit: 'Anmelden',
  forgot: 'Passwort vergessen?',
  newHere: 'Neu hier?',
  createAccount: 'Konto erstellen',
  shutOut:
    'Zu viele Versuche. Bitte warten Sie, bevor Sie es erneut versuchen. Wenn jemand anderes es versucht hat, fordern Sie ein neues Passwort an und geben Sie den Code aus der E-Mail ein: Dann ist dieses Gerät bekannt, und Ihr Passwort wird angenommen. Sie müssen es nicht ändern.',
  signedOut: 'Sie sind abgemeldet. Bis bald.',
  ended: 'Ihre Sitzung ist beendet.',
  again: (why: string) => `${why} Melden Sie sich erneut an, um dort weiterzumachen, wo Sie waren.`,
} satisfies Messages['signIn'];

export const secondStep = {
  pageTitle: 'Zweiter Schritt',
  title: 'Noch ein Schritt',
  step: (step: string, total: string) => `Schritt ${step} von ${total}.`,
  confirm: 'Bestätigen Sie, dass Sie es sind.',
  somebodyElse: 'Mit einem anderen Konto anmelden',
} satisfies Messages['secondStep'];

export const signUp = {
  title: 'Konto erstellen',
  submit: 'Konto erstellen',
  closed: 'Hier werden keine neuen Konten angenommen. Bitten Sie den Betreiber um eines.',
  signInInstead: 'Stattdessen anmelden',
  haveAccount: 'Sie haben schon ein Konto?',
} satisfies Messages['signUp'];

export const verifyEmail = {
  title: 'Sehen Sie in Ihr Postfach',
  lead: 'Ein Code, und Ihr Konto ist bereit.',
  dialogTitle: 'E-Mail-Adresse bestätigen',
  submit: 'E-Mail-Adresse bestätigen',
  foreign:
    'Geben Sie das Passwort ein, das Sie bei der Registrierung gewählt haben, damit wir wissen, dass Sie es waren. Wenn Sie es nicht waren, schließen Sie diese Seite.',
  before: (to: string) =>
    `Geben Sie den Code aus der E-Mail ein, die wir bei der Registrierung an ${to} gesendet haben, oder fordern Sie einen neuen an.`,
  instead: rich`${'Eine andere Adresse verwenden'} oder ${'anmelden'}`,
  verified: 'Ihre E-Mail-Adresse ist bestätigt.',
  verifiedSignIn: 'Ihre E-Mail-Adresse ist bestätigt. Melden Sie sich an, um fortzufahren.',
} satisfies Messages['verifyEmail'];

export const forgotPassword = {
  title: 'Passwort vergessen?',
  lead: 'Geben Sie die E-Mail-Adresse Ihres Kontos ein. Wenn es eines gibt, senden wir einen Code und einen Link, um ein neues Passwort festzulegen.',
  submit: 'E-Mail senden',
  remembered: 'Wieder eingefallen?',
} satisfies Messages['forgotPassword'];

export const resetPassword = {
  overTitle: 'Diese Seite gilt nicht mehr',
  overLead:
    'Der Link oder Code wurde benutzt, ist zu alt oder wurde zu oft falsch eingegeben. Vielleicht steht in einer neueren E-Mail einer, der gilt.',
  askAgain: 'Eine neue E-Mail anfordern',
  codeTitle: 'Sehen Sie in Ihr Postfach',
  codeLead: 'Geben Sie den Code aus der E-Mail ein oder öffnen Sie den Link darin.',
  codeLeadTo: (to: string) => `Wenn ${to} ein Konto hat, sind ein Code und ein Link dorthin unterwegs.`,
  nothingCame: rich`Nichts angekommen? Sehen Sie im Spam-Ordner nach oder ${'fordern Sie eine neue E-Mail an'}.`,
  factorLead: 'Bestätigen Sie, dass Sie es sind, und legen Sie dann ein neues Passwort fest.',
  title: 'Neues Passwort festlegen',
  lead: 'Sie werden überall abgemeldet und melden sich mit dem neuen Passwort an.',
  submit: 'Passwort festlegen',
  done: 'Ihr neues Passwort gilt. Melden Sie sich damit an.',
  keep: rich`Sie kennen Ihr Passwort und sollten nur warten? ${'Melden Sie sich damit an'}`,
} satisfies Messages['resetPassword'];
