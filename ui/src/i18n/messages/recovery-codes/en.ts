// English: the codes that let somebody in who lost the second step.
import { plurals } from '../../grammar';

const plural = plurals('en');

export const recoveryCodes = {
  lead: 'When you cannot get a code the usual way, a recovery code lets you in. Each works once, and belongs to one kind of code.',
  emptyTitle: 'No recovery codes yet',
  emptyText: 'You get them when you add your first authenticator app, phone number or e-mail address for codes.',
  replace: 'Replace them',
  noneLeft: 'None left',
  onlyLeft: (count: number) => plural(count, { other: 'Only # left' }),
  createText: 'Create codes, so that you are never locked out.',
  outdatedText:
    'Created before the service was restored from a backup. Only one of them still works: create new ones.',
  left: (remaining: number, total: number) => plural(total, { one: `${remaining} of # code left`, other: `${remaining} of # codes left` }),
  created: (day: string) => `created ${day}`,
  create: 'Create new codes',
  createFor: (factor: string) => `Create new codes for ${factor}`,
  noCopy: 'We keep no readable copy of your codes. If you no longer have them, create new ones.',
  createTitle: 'Create new recovery codes?',
  replaceText: (count: number, factor: string) =>
    plural(count, {
      one: `The # code you have now for “${factor}” stops working at once.`,
      other: `The # codes you have now for “${factor}” stop working at once.`,
    }),
  newText: (factor: string) => `You get ten new codes for “${factor}”.`,
  saveTitle: 'Save your recovery codes',
  sheetTitle: (product: string) => `${product} recovery codes`,
  sheetFoot: 'Each code works once. Keep them somewhere safe.',
  keep: (factor: string) => `Keep these codes somewhere safe. If you lose ${factor}, one of them lets you in.`,
  once: 'They are shown only this once.',
  download: 'Download',
  print: 'Print',
  saved: 'I have saved these codes',
  saveFirst: 'Save the codes first, then tick the box.',
};
