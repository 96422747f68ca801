// How the panel is built: one page, hashed files under assets/, nothing inline that a strict CSP would refuse.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const server = process.env.PORTCULLIS_URL ?? 'http://127.0.0.1:8080';
const api = ['/auth', '/ui', '/api', '/dev', '/docs', '/openapi.json', '/problems'];

export default defineConfig({
  base: '/',
  plugins: [svelte()],
  build: {
    outDir: process.env.PORTCULLIS_UI_OUT ?? 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    cssTarget: ['chrome123', 'firefox128', 'safari17.5'],
    modulePreload: { polyfill: false },
  },
  // Whole parts of a path: /auth is the server's, /authenticators a page.
  server: { proxy: Object.fromEntries(api.map((path) => [`^${path}(?=[/?]|$)`, server])) },
});
