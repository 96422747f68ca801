// The pages of the panel in the order of its navigation.
import { paths, type Path } from '../paths';
import type { IconName } from './icons';

interface Destination {
  path: Path;
  icon: IconName;
  name: string;
  /** For the narrow bar at the bottom of a phone; without it the page stands under "More". */
  short?: string;
}

export const destinations: Destination[] = [
  { path: paths.overview, icon: 'home', name: 'Overview', short: 'Overview' },
  { path: paths.authenticators, icon: 'app', name: 'Authenticator apps', short: 'Apps' },
  { path: paths.phones, icon: 'phone', name: 'Phone numbers' },
  { path: paths.emails, icon: 'mail', name: 'E-mail addresses' },
  { path: paths.recoveryCodes, icon: 'key', name: 'Recovery codes', short: 'Codes' },
  { path: paths.sessions, icon: 'devices', name: 'Sessions', short: 'Sessions' },
  { path: paths.password, icon: 'lock', name: 'Password' },
];
