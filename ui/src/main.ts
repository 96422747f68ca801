// Starts the panel.
import { mount } from 'svelte';
import { connect } from './api/client';
import App from './App.svelte';
import './design/tokens.css';
import './design/base.css';
import { language } from './i18n/language.svelte';
import { router } from './router.svelte';
import { session } from './session.svelte';
import { stepUp } from './step-up.svelte';
import { theme } from './theme.svelte';

theme.start();
router.start();
connect({
  csrfToken: () => session.me?.csrf_token ?? null,
  renewCsrfToken: () => session.refresh(),
  stepUp: (action) => stepUp.request(action),
  sessionEnded: (problem) => {
    stepUp.finish(false);
    session.ended(problem);
  },
});

void session.start();
await language.start();
const target = document.getElementById('app');
if (target) mount(App, { target });
