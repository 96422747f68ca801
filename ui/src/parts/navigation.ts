// The pages of the panel in the order of its navigation.
import type { Messages } from '../i18n/messages/en';
import { paths, type Path } from '../paths';
import type { IconName } from './icons';

interface Destination {
  path: Path;
  icon: IconName;
  name: keyof Messages['pages'];
  /** For the narrow bar at the bottom of a phone; without it the page stands under "More". */
  short?: keyof Messages['shortPages'];
}

export const destinations: Destination[] = [
  { path: paths.overview, icon: 'home', name: 'overview', short: 'overview' },
  { path: paths.authenticators, icon: 'app', name: 'authenticators', short: 'authenticators' },
  { path: paths.phones, icon: 'phone', name: 'phones' },
  { path: paths.emails, icon: 'mail', name: 'emails' },
  { path: paths.recoveryCodes, icon: 'key', name: 'recoveryCodes', short: 'recoveryCodes' },
  { path: paths.sessions, icon: 'devices', name: 'sessions', short: 'sessions' },
  { path: paths.password, icon: 'lock', name: 'password' },
];
