// What a device is called: a browser or program on which somebody signed in, and the machine it runs on.
import { t } from './i18n/language.svelte';

export const deviceName = ({ browser, device }: { browser: string; device: string }): string =>
  browser && device ? t.sessions.on(browser, device) : browser || device || t.sessions.unknown;
