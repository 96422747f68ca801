// English: closing the account.
export const account = {
  lead: 'What becomes of your account when you do not need it any more.',
  about: 'Close it and let it be deleted',
  openTitle: 'Delete this account',
  openText:
    'Your account is closed at once and deleted after a grace period, with everything in it. Subscriptions end, and stored payment methods are forgotten. What the law has us keep of payments no longer leads to you.',
  close: 'Delete account…',
  closeTitle: 'Delete your account?',
  closeText: 'Until it is deleted you can sign in and keep it. After that nothing can be brought back.',
  closeAction: 'Delete account',
  closed: 'Your account is closed.',
  scheduledTitle: (day: string) => `This account will be deleted on ${day}`,
  scheduledText: 'Everything works until then. If you want to stay, keep it.',
  keep: 'Keep the account',
  kept: 'Your account stays.',
};
