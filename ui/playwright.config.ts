// How the end-to-end tests run: the system's Chromium against a running `portcullis dev`.
import { defineConfig } from '@playwright/test';

// Tests of their own for a deployment that asks for every factor.
const strict = '**/every-factor.spec.ts';
// And for one with plans, invoices and a vendor outside of which people pay.
const desk = '**/desk.spec.ts';
// And for one where operators sell from a catalog.
const shop = '**/shop.spec.ts';
const { PORTCULLIS_EVERY_FACTOR, PORTCULLIS_DESK, PORTCULLIS_SHOP } = process.env;
const only = PORTCULLIS_EVERY_FACTOR ? strict : PORTCULLIS_DESK ? desk : PORTCULLIS_SHOP ? shop : null;

export default defineConfig({
  testDir: 'tests',
  ...(only ? { testMatch: only } : { testIgnore: [strict, desk, shop] }),
  outputDir: 'test-results',
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  workers: Number(process.env.PORTCULLIS_E2E_WORKERS ?? 2),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: 'list',
  use: {
    baseURL: process.env.PORTCULLIS_URL ?? 'http://127.0.0.1:8080',
    browserName: 'chromium',
    locale: 'en-GB',
    screenshot: 'only-on-failure',
    trace: 'off',
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
