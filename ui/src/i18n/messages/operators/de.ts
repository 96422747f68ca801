// German: what operators read.
import type { Messages } from '../en';

export const operatorRoles = {
  viewer: { name: 'Einsicht', may: 'Sie sehen Kunden, was sie schulden, und ihre Zahlungen, und ändern nichts.' },
  support: { name: 'Support', may: 'Sie handeln außerdem für einzelne Zahlungen: Sie erstatten, buchen ab oder geben frei, entscheiden darüber, beantworten Anfechtungen und lassen Ereignisse erneut anwenden.' },
  admin: { name: 'Admin', may: 'Sie korrigieren außerdem, was Kunden schulden, sperren Abrechnungen, entscheiden über Abweichungen bei Anbietern und sehen, wer noch Betreiber ist.' },
} satisfies Messages['operatorRoles'];

export const operators = {
  lead: 'Sie betreuen diesen Dienst. Was Sie hier tun, steht in Ihrem Verlauf und in dem der Person, die es betrifft.',
  own: 'Ihre Rolle',
  all: 'Alle Betreiber',
  since: (day: string) => `seit ${day}`,
  you: 'Sie',
  noFactor: 'kein zweiter Schritt',
  factorTitle: 'Sie brauchen einen zweiten Schritt',
  factorText:
    'Betreiber bestätigen mit einer Authenticator-App oder einem anderen zweiten Schritt. Richten Sie einen ein und kommen Sie dann zurück.',
} satisfies Messages['operators'];
