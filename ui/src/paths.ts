// The addresses of the panel's pages.
export const paths = {
  overview: '/',
  signIn: '/sign-in',
  signUp: '/sign-up',
  forgotPassword: '/forgot-password',
  resetPassword: '/reset-password',
  verifyEmail: '/verify-email',
  authenticators: '/authenticators',
  phones: '/phones',
  emails: '/emails',
  recoveryCodes: '/recovery-codes',
  sessions: '/sessions',
  password: '/password',
  apiKeys: '/api-keys',
  account: '/account',
  billing: '/billing',
  pay: '/billing/pay',
  addMethod: '/billing/add-method',
  autopay: '/billing/autopay',
  invoices: '/billing/invoices',
  subscriptions: '/billing/subscriptions',
  shop: '/shop',
  cart: '/shop/cart',
  orders: '/orders',
  customers: '/customers',
  payments: '/payments',
  vendorEvents: '/vendor-events',
  allInvoices: '/invoices',
  plans: '/plans',
  reconciliation: '/reconciliation',
  figures: '/figures',
  catalog: '/catalog',
  allOrders: '/all-orders',
  operators: '/operators',
} as const;

export type Path = (typeof paths)[keyof typeof paths];

const known = new Set<string>(Object.values(paths));

export const isPath = (path: string): path is Path => known.has(path);

/** Pages for everybody, signed in or not: those that mails lead to. */
export const isOpen = (path: string): boolean =>
  path === paths.forgotPassword || path === paths.resetPassword || path === paths.verifyEmail;

/**
 * Pages on which scripts of payment vendors run. The server gives them a policy of their own, which a document keeps: they are
 * entered and left by loading a page.
 */
export const isVendors = (path: string): boolean => path === paths.pay || path === paths.addMethod;

/** Pages for people who are not signed in. */
export const isPublic = (path: string): boolean => path === paths.signIn || path === paths.signUp;
