// German: sessions and trusted devices.
import { plurals } from '../../grammar';
import type { Messages } from '../en';

const plural = plurals('de');

export const sessions = {
  lead: 'An diesen Orten sind Sie angemeldet. Beenden Sie, was Sie nicht erkennen, und ändern Sie dann Ihr Passwort.',
  on: (browser: string, device: string) => `${browser} auf ${device}`,
  unknown: 'Unbekanntes Gerät',
  current: 'Diese Sitzung',
  active: 'aktiv',
  over: 'beendet',
  signOut: 'Abmelden',
  signOutNamed: (name: string) => `${name} abmelden`,
  signOutQuestion: (name: string) => `${name} abmelden?`,
  signOutText: 'Wer es benutzt, muss sich erneut anmelden.',
  signedOut: (name: string) => `${name} ist abgemeldet.`,
  signOutOthers: 'Alle anderen abmelden',
  signOutOthersTitle: 'Überall sonst abmelden?',
  signOutOthersText: (count: number) =>
    plural(count, {
      one: '# andere Sitzung muss sich erneut anmelden. Hier bleiben Sie angemeldet.',
      other: '# andere Sitzungen müssen sich erneut anmelden. Hier bleiben Sie angemeldet.',
    }),
  signOutAllOthersText: 'Alle anderen Sitzungen müssen sich erneut anmelden. Hier bleiben Sie angemeldet.',
  emptyTitle: 'Keine Sitzungen',
  emptyText: 'Laden Sie die Seite neu, um noch einmal nachzusehen.',
  more: 'Weitere Sitzungen zeigen',
  ended: (count: number) => plural(count, { other: 'Beendete Sitzungen (#)' }),
} satisfies Messages['sessions'];

export const trustedDevices = {
  title: 'Vertraute Geräte',
  text: 'Mit ihnen genügt bei der Anmeldung das Passwort. Bei heiklen Dingen wird weiterhin nach einem Code gefragt.',
  current: 'Dieses Gerät',
  until: (day: string) => `vertraut bis ${day}`,
  stop: 'Nicht mehr vertrauen',
  stopNamed: (name: string) => `${name} nicht mehr vertrauen`,
  stopQuestion: (name: string) => `${name} nicht mehr vertrauen?`,
  stopText: 'Die nächste Anmeldung damit fragt wieder nach einem Code. Wer dort angemeldet ist, bleibt es.',
  stopped: (name: string) => `${name} wird nicht mehr vertraut.`,
} satisfies Messages['trustedDevices'];
