// English: sessions and trusted devices.
import { plurals } from '../../grammar';

const plural = plurals('en');

export const sessions = {
  lead: 'These are the places where you are signed in. End the ones you do not recognise, then change your password.',
  on: (browser: string, device: string) => `${browser} on ${device}`,
  unknown: 'Unknown device',
  current: 'This session',
  active: 'active',
  over: 'ended',
  signOut: 'Sign out',
  signOutNamed: (name: string) => `Sign out ${name}`,
  signOutQuestion: (name: string) => `Sign out ${name}?`,
  signOutText: 'Whoever uses it has to sign in again.',
  signedOut: (name: string) => `${name} is signed out.`,
  signOutOthers: 'Sign out all others',
  signOutOthersTitle: 'Sign out everywhere else?',
  signOutOthersText: (count: number) =>
    plural(count, {
      one: '# other session will have to sign in again. You stay signed in here.',
      other: '# other sessions will have to sign in again. You stay signed in here.',
    }),
  signOutAllOthersText: 'All other sessions will have to sign in again. You stay signed in here.',
  emptyTitle: 'No sessions to show',
  emptyText: 'Reload the page to look again.',
  more: 'Show more sessions',
  ended: (count: number) => plural(count, { other: 'Ended sessions (#)' }),
};

export const trustedDevices = {
  title: 'Trusted devices',
  text: 'Signing in with them takes the password alone. What is sensitive still asks for a code.',
  current: 'This device',
  until: (day: string) => `trusted until ${day}`,
  stop: 'Stop trusting',
  stopNamed: (name: string) => `Stop trusting ${name}`,
  stopQuestion: (name: string) => `Stop trusting ${name}?`,
  stopText: 'The next sign-in with it asks for a code again. Whoever is signed in there stays signed in.',
  stopped: (name: string) => `${name} is not trusted any more.`,
};
