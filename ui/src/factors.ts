// How each factor is drawn and reached.
import type { Factor } from './api/types';
import { paths, type Path } from './paths';
import type { IconName } from './parts/icons';

export const factors: Record<Factor, { path: Path; icon: IconName }> = {
  totp: { path: paths.authenticators, icon: 'app' },
  sms: { path: paths.phones, icon: 'phone' },
  email: { path: paths.emails, icon: 'mail' },
};

export const factorOrder: Factor[] = ['totp', 'sms', 'email'];
