// What people read stands in the catalogue: no sentence in a component or a module, and nothing in it that nobody says.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { parse } from 'svelte/compiler';
import ts from 'typescript';
import { advise } from '../src/i18n/grammar';
import { messages as de } from '../src/i18n/messages/de';
import { en } from '../src/i18n/messages/en';

const root = join(import.meta.dirname, '..');
const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
  (path) => /\.(svelte|ts)$/.test(path) && !path.startsWith('api/schema') && !path.startsWith('i18n/messages'),
);

/** Read by programs, but for the name of a product that has none of its own. */
const names = new Set([
  'Portcullis',
  'Accept',
  'application/json, application/problem+json',
  'Authorization',
  'Bearer ',
  'Idempotency-Key',
  'Problem',
  'Retry-After',
  'X-CSRF-Token',
  '(prefers-color-scheme: dark)',
]);
/** Attributes that nobody reads. */
const unread = new Set(['class', 'd', 'style', 'viewBox', 'preserveAspectRatio', 'aria-labelledby', 'aria-describedby']);

/** A capital with small letters after it, or two words: what a person could read. */
const readable = (text: string): boolean =>
  !names.has(text) && (/^\s*\p{Lu}\p{Ll}/u.test(text) || /\p{L}{2,}[,.:;]? \p{L}{2,}/u.test(text));

/** The readable literals of a script. */
function inScript(source: string): string[] {
  const found: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      if (readable(node.text)) found.push(node.text);
    }
    ts.forEachChild(node, look);
  };
  look(ts.createSourceFile('script.ts', source, ts.ScriptTarget.Latest, true));
  return found;
}

/** The parser sets these on every node, its types name them on some. */
const rangeOf = (node: unknown): [number, number] => {
  const { start, end } = node as { start: number; end: number };
  return [start, end];
};

/** The readable texts of a component: any letter between tags, and the literals of attributes and scripts. */
function inComponent(source: string): string[] {
  const ast = parse(source, { modern: true });
  const found = [ast.instance, ast.module].flatMap((script) =>
    script ? inScript(source.slice(...rangeOf(script.content))) : [],
  );
  const look = (node: unknown, within: string): void => {
    if (Array.isArray(node)) return node.forEach((one) => look(one, within));
    if (typeof node !== 'object' || node === null) return;
    const { type, name, data, value } = node as { type?: string; name?: string; data?: string; value?: unknown };
    if (type === 'Attribute' && unread.has(name ?? '')) return;
    if (type === 'Text' && typeof data === 'string') {
      if (within === 'Attribute' ? readable(data) : /\p{L}/u.test(data)) found.push(data.trim());
    }
    if (type === 'Literal' && typeof value === 'string' && readable(value)) found.push(value);
    if (type === 'TemplateElement') {
      const text = (value as { cooked?: string }).cooked ?? '';
      if (readable(text)) found.push(text);
    }
    for (const child of Object.values(node)) look(child, type === 'Attribute' ? 'Attribute' : within);
  };
  look(ast.fragment, '');
  return found;
}

test('no component and no module holds a sentence', () => {
  const found = files.flatMap((path) => {
    const source = readFileSync(join(root, 'src', path), 'utf8');
    const texts = path.endsWith('.svelte') ? inComponent(source) : inScript(source);
    return texts.map((text) => `${path}: ${text}`);
  });
  expect(found).toEqual([]);
});

test('a sentence would be seen, wherever it stands', () => {
  const component = `<script lang="ts">const a = cond ? 'Saved.' : \`Of \${n}\`; const b: 'Left' = x;</script>
    <p class="Soft one">words</p><Field label="Name" hint={x || 'type it'} /><img alt="the long {thing}" />{'Done'}`;
  expect(inComponent(component).sort()).toEqual(['Done', 'Name', 'Of ', 'Saved.', 'the long', 'type it', 'words']);
});

test('every sentence is used somewhere', () => {
  const sources = files.map((path) => readFileSync(join(root, 'src', path), 'utf8')).join('\n');
  // Chosen by a name that is computed: their type is checked where they are chosen.
  const computed = ['factors', 'operatorRoles', 'entryKinds', 'sessionEnd', 'mistakes', 'problems', 'advice', 'pages', 'shortPages', 'addresses', 'paymentStatus', 'declines', 'methodKinds', 'deadMethods', 'refundStatus', 'disputeKinds', 'disputeStatus', 'findings', 'decisions', 'refundReasons', 'evidence', 'evidenceDocuments', 'autopayResults', 'autopayTriggers', 'callSteps', 'callOutcomes', 'eventResults', 'eventStates', 'invoiceStates', 'subscriptionStatus', 'subscriptionEnds', 'intervals', 'planStatus', 'runStates', 'differenceStates', 'differenceKinds', 'differenceDecisions', 'cancelWhens', 'changeWhens', 'apiKeyOutcomes', 'apiKeyStatus', 'scopes', 'orderStatus', 'orderBecause', 'orderEvents', 'orderActors', 'askedOfVendor'];
  const unused = Object.entries(en)
    .filter(([area]) => !computed.includes(area))
    .flatMap(([area, texts]) => Object.keys(texts).map((key) => ({ area, key })))
    .filter(({ area, key }) => !new RegExp(`\\b${area}\\.${key}\\b`).test(sources) && !(area === 'standing' && sources.includes(`say.${key}`)));
  expect(unused).toEqual([]);
});

test('every language is checked to be complete', () => {
  for (const file of readdirSync(join(root, 'src/i18n/messages')).filter((file) => file.endsWith('.ts') && file !== 'en.ts')) {
    const source = readFileSync(join(root, 'src/i18n/messages', file), 'utf8');
    expect(source, file).toMatch(/^export const messages = \{$/m);
    expect(source, file).toMatch(/^\} satisfies Messages;$/m);
  }
});

test('the problems of the catalogue are problems of the server', () => {
  const reference = readFileSync(join(root, '../docs/reference/problems.md'), 'utf8');
  const ofServer = new Set([...reference.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, code]) => code));
  const ofPanel = ['network', 'unreadable', 'cancelled', 'no-cookie', 'vendor-script', 'vendor-failed'];
  expect(Object.keys(en.problems).filter((code) => !ofServer.has(code) && !ofPanel.includes(code))).toEqual([]);
});

test('counted things have the plural forms of their language', () => {
  expect([1, 2, 1200].map(en.sessions.signOutOthersText)).toEqual([
    '1 other session will have to sign in again. You stay signed in here.',
    '2 other sessions will have to sign in again. You stay signed in here.',
    '1,200 other sessions will have to sign in again. You stay signed in here.',
  ]);
  expect([1, 1200].map(de.overview.places)).toEqual(['Zurzeit 1 Ort', 'Zurzeit 1.200 Orte']);
});

test('the advice of the server is said in every language, with what it names', () => {
  const said = {
    'address-suppressed': [
      'Messages to a…@example.com are refused: it rejected mail on 2026-11-01. Use another address or ask support.',
      'Messages to +49…06 are refused: it could not be reached on 2026-11-01. Use another number or ask support.',
      'Messages to +49…06 are refused: its owner asked for no more messages on 2026-11-01. Use another number or ask support.',
      'Messages to a…@example.com are refused: its owner complained about a message on 2026-11-01. Use another address or ask support.',
    ],
    'weak-password': [
      'The password must have at least 12 characters; several words make a good one.',
      'The password must have at most 256 characters.',
      'This password is among the first that are tried: choose one that is longer or less common.',
      'Apart from your name, your address or the name of this service there is too little in this password: add words that have nothing to do with them.',
    ],
  };
  for (const [code, sentences] of Object.entries(said)) {
    const known = code as keyof typeof said;
    for (const sentence of sentences) {
      expect(advise(en.advice[known], sentence)).toBe(sentence);
      const german = advise(de.advice[known], sentence) ?? '';
      expect(german).not.toBe('');
      for (const [named] of sentence.matchAll(/\S*…\S*|2026-11-01|\d\d\d?(?= char)/g)) expect(german).toContain(named);
    }
    expect(new Set(sentences.map((sentence) => advise(de.advice[known], sentence))).size).toBe(sentences.length);
  }
});
