// The pages of the panel in the order of its navigation.
import type { Messages } from '../i18n/messages/en';
import { paths, type Path } from '../paths';
import { session } from '../session.svelte';
import type { IconName } from './icons';

interface Destination {
  path: Path;
  icon: IconName;
  name: keyof Messages['pages'];
  /** For the narrow bar at the bottom of a phone; without it the page stands under "More". */
  short?: keyof Messages['shortPages'];
}

/** Everybody's own account. */
const everybodys: Destination[] = [
  { path: paths.overview, icon: 'home', name: 'overview', short: 'overview' },
  { path: paths.authenticators, icon: 'app', name: 'authenticators', short: 'authenticators' },
  { path: paths.phones, icon: 'phone', name: 'phones' },
  { path: paths.emails, icon: 'mail', name: 'emails' },
  { path: paths.recoveryCodes, icon: 'key', name: 'recoveryCodes', short: 'recoveryCodes' },
  { path: paths.sessions, icon: 'devices', name: 'sessions', short: 'sessions' },
  { path: paths.password, icon: 'lock', name: 'password' },
  { path: paths.apiKeys, icon: 'plug', name: 'apiKeys' },
];

const aboutMoney: Destination[] = [
  { path: paths.billing, icon: 'coins', name: 'billing' },
  { path: paths.subscriptions, icon: 'again', name: 'subscriptions' },
  { path: paths.invoices, icon: 'paper', name: 'invoices' },
];

/** The pages of one's own account; those about money where people can pay. */
export const destinations = (): Destination[] => (session.options?.billing ? [...everybodys, ...aboutMoney] : everybodys);

/** What operators look after. */
const ofOperators: Destination[] = [
  { path: paths.payments, icon: 'coins', name: 'payments' },
  { path: paths.customers, icon: 'person', name: 'customers' },
  { path: paths.allInvoices, icon: 'paper', name: 'allInvoices' },
  { path: paths.plans, icon: 'again', name: 'plans' },
  { path: paths.catalog, icon: 'tag', name: 'catalog' },
  { path: paths.allOrders, icon: 'bag', name: 'allOrders' },
  { path: paths.reconciliation, icon: 'scales', name: 'reconciliation' },
  { path: paths.figures, icon: 'chart', name: 'figures' },
  { path: paths.vendorEvents, icon: 'download', name: 'vendorEvents' },
  { path: paths.operators, icon: 'shield', name: 'operators' },
];

/** The pages for operators, if whoever is signed in is one. */
export const operatorDestinations = (): Destination[] => (session.me?.operator_role ? ofOperators : []);

/** Pages that are reached from the one about money. */
const ofBilling: string[] = [paths.pay, paths.addMethod, paths.autopay, paths.shop, paths.cart, paths.orders];

/** Whether there is such a page for whoever is signed in. The one on which an account is deleted is reached from the overview. */
export const isShown = (path: string): boolean =>
  path === paths.account ||
  [...destinations(), ...operatorDestinations()].some((one) => one.path === path) ||
  (ofBilling.includes(path) && !!session.options?.billing);
