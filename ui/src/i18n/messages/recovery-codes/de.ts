// German: the codes that let somebody in who lost the second step.
import { plurals } from '../../grammar';
import type { Messages } from '../en';

const plural = plurals('de');

export const recoveryCodes = {
  lead: 'Wenn Sie auf dem üblichen Weg keinen Code bekommen, kommen Sie mit einem Wiederherstellungscode hinein. Jeder gilt einmal und gehört zu einer Art von Codes.',
  emptyTitle: 'Noch keine Wiederherstellungscodes',
  emptyText:
    'Sie erhalten sie, wenn Sie Ihre erste Authenticator-App, Telefonnummer oder E-Mail-Adresse für Codes hinzufügen.',
  replace: 'Bitte ersetzen',
  noneLeft: 'Keiner übrig',
  onlyLeft: (count: number) => plural(count, { other: 'Nur noch #' }),
  createText: 'Erstellen Sie Codes, damit Sie nie ausgesperrt sind.',
  outdatedText:
    'Erstellt, bevor der Dienst aus einer Sicherung wiederhergestellt wurde. Nur einer davon gilt noch: Erstellen Sie neue.',
  left: (remaining: number, total: number) =>
    plural(total, { one: `${remaining} von # Code übrig`, other: `${remaining} von # Codes übrig` }),
  created: (day: string) => `erstellt am ${day}`,
  create: 'Neue Codes erstellen',
  createFor: (factor: string) => `Neue Codes für ${factor} erstellen`,
  noCopy: 'Wir bewahren keine lesbare Kopie Ihrer Codes auf. Wenn Sie sie nicht mehr haben, erstellen Sie neue.',
  createTitle: 'Neue Wiederherstellungscodes erstellen?',
  replaceText: (count: number, factor: string) =>
    plural(count, {
      one: `Der # Code, den Sie jetzt für „${factor}“ haben, gilt ab sofort nicht mehr.`,
      other: `Die # Codes, die Sie jetzt für „${factor}“ haben, gelten ab sofort nicht mehr.`,
    }),
  newText: (factor: string) => `Sie erhalten zehn neue Codes für „${factor}“.`,
  saveTitle: 'Bewahren Sie Ihre Wiederherstellungscodes auf',
  sheetTitle: (product: string) => `Wiederherstellungscodes für ${product}`,
  sheetFoot: 'Jeder Code gilt einmal. Bewahren Sie sie an einem sicheren Ort auf.',
  keep: (factor: string) =>
    `Bewahren Sie diese Codes an einem sicheren Ort auf. Wenn Sie ${factor} verlieren, kommen Sie mit einem davon hinein.`,
  once: 'Sie werden nur dieses eine Mal gezeigt.',
  download: 'Herunterladen',
  print: 'Drucken',
  saved: 'Ich habe diese Codes aufbewahrt',
  saveFirst: 'Bewahren Sie die Codes zuerst auf und setzen Sie dann das Häkchen.',
} satisfies Messages['recoveryCodes'];
