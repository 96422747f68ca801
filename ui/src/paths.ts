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
} as const;

export type Path = (typeof paths)[keyof typeof paths];

const known = new Set<string>(Object.values(paths));

export const isPath = (path: string): path is Path => known.has(path);

/** Pages for everybody, signed in or not: those that mails lead to. */
export const isOpen = (path: string): boolean =>
  path === paths.forgotPassword || path === paths.resetPassword || path === paths.verifyEmail;

/** Pages for people who are not signed in. */
export const isPublic = (path: string): boolean => path === paths.signIn || path === paths.signUp;
