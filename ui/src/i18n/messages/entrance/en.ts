// English: signing up and in, and the way back.
import { rich } from '../../grammar';

export const signIn = {
  title: 'Sign in',
  submit: 'Sign in',
  forgot: 'Forgot your password?',
  newHere: 'New here?',
  createAccount: 'Create an account',
  shutOut:
    'Too many attempts. Please wait before you try again. If it was somebody else who tried, ask for a new password and enter the code from the mail: then this device is known, and your password is accepted. You need not change it.',
  signedOut: 'You are signed out. See you soon.',
  ended: 'Your session has ended.',
  again: (why: string) => `${why} Sign in again to continue where you were.`,
};

export const secondStep = {
  pageTitle: 'Second step',
  title: 'One more step',
  step: (step: string, total: string) => `Step ${step} of ${total}.`,
  confirm: 'Confirm that it is you.',
  somebodyElse: 'Sign in as somebody else',
};

export const signUp = {
  title: 'Create an account',
  submit: 'Create account',
  closed: 'New accounts are not accepted here. Ask the operator for one.',
  signInInstead: 'Sign in instead',
  haveAccount: 'Already have an account?',
};

export const verifyEmail = {
  title: 'Check your mail',
  lead: 'One code, and your account is ready.',
  dialogTitle: 'Verify your e-mail',
  submit: 'Verify e-mail',
  foreign:
    'To confirm that it was you who signed up, enter the password you chose then. If it was not you, close this page.',
  before: (to: string) => `Enter the code from the e-mail we sent to ${to} when you signed up, or ask for a new one.`,
  instead: rich`${'Use another address'} or ${'sign in'}`,
  verified: 'Your e-mail address is verified.',
  verifiedSignIn: 'Your e-mail address is verified. Sign in to go on.',
};

export const forgotPassword = {
  title: 'Forgot your password?',
  lead: 'Enter the e-mail address of your account. If there is one, we send a code and a link to set a new password.',
  submit: 'Send the mail',
  remembered: 'Remembered it?',
};

export const resetPassword = {
  overTitle: 'This page is over',
  overLead:
    'The link or code was used, is too old, or was entered wrongly too often. A newer mail may hold one that works.',
  askAgain: 'Ask for a new mail',
  codeTitle: 'Check your mail',
  codeLead: 'Enter the code from the mail, or open the link in it.',
  codeLeadTo: (to: string) => `If ${to} has an account, a code and a link are on their way to it.`,
  nothingCame: rich`Nothing came? Look among unwanted mail, or ${'ask for a new mail'}.`,
  factorLead: 'Confirm that it is you, then set a new password.',
  title: 'Set a new password',
  lead: 'You will be signed out everywhere, and sign in with the new one.',
  submit: 'Set password',
  done: 'Your new password is set. Sign in with it.',
  keep: rich`You know your password, and were only asked to wait? ${'Sign in with it'}`,
};
