// Who waits for the question "is it really you?", and what they learn of its answer.
import { expect, test } from '@playwright/test';

// Outside a component a rune only holds its value.
const rune = Object.assign(<T>(value: T): T => value, { raw: <T>(value: T): T => value });
Object.assign(globalThis, { $state: rune });
const { stepUp } = await import('../src/step-up.svelte.ts');

test('calls for the same action share one question', async () => {
  const answers = Promise.all([stepUp.request('add_factor'), stepUp.request('add_factor')]);
  stepUp.finish(true);
  expect(await answers).toEqual(['proven', 'proven']);
});

test('a call for another action is tried again after a proof, and may then ask for its own', async () => {
  const first = stepUp.request('add_factor');
  const second = stepUp.request('remove_factor');
  stepUp.finish(true);
  expect(await first).toBe('proven');
  expect(await second).toBe('proven-otherwise');
  expect(stepUp.asking).toBe(false);
  const again = stepUp.request('remove_factor');
  expect(stepUp.action).toBe('remove_factor');
  stepUp.finish(true);
  expect(await again).toBe('proven');
});

test('who declined is not asked again for the calls that waited', async () => {
  const first = stepUp.request('add_factor');
  const second = stepUp.request('remove_factor');
  stepUp.finish(false);
  expect(await first).toBe('declined');
  expect(await second).toBe('declined');
  expect(stepUp.asking).toBe(false);
});
