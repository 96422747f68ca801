// Keeps the keyboard's place when the thing that had the focus has left the page.
import { tick } from 'svelte';

export async function focusHeadingIfLost(): Promise<void> {
  await tick();
  if (document.activeElement === document.body) document.querySelector('h1')?.focus();
}
