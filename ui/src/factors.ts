// How each factor is named, drawn and reached.
import type { Factor } from './api/types';
import { paths, type Path } from './paths';
import type { IconName } from './parts/icons';

interface FactorWords {
  /** In a list: "Authenticator app". */
  name: string;
  /** Many of them: "Authenticator apps". */
  plural: string;
  /** In a sentence: "your authenticator app". */
  yours: string;
  path: Path;
  icon: IconName;
}

export const factors: Record<Factor, FactorWords> = {
  totp: {
    name: 'Authenticator app',
    plural: 'Authenticator apps',
    yours: 'your authenticator app',
    path: paths.authenticators,
    icon: 'app',
  },
  sms: {
    name: 'Text message',
    plural: 'Phone numbers',
    yours: 'your phone number',
    path: paths.phones,
    icon: 'phone',
  },
  email: {
    name: 'E-mail',
    plural: 'E-mail addresses',
    yours: 'your e-mail address',
    path: paths.emails,
    icon: 'mail',
  },
};

export const factorOrder: Factor[] = ['totp', 'sms', 'email'];

export const isFactor = (name: string): name is Factor => name in factors;
