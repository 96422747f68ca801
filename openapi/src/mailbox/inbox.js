// Shows the kept messages, newest first, and looks for new ones while the page is visible.
const interval = 2000;
const filter = document.getElementById('to');
const list = document.getElementById('messages');
const state = document.getElementById('state');
const template = document.getElementById('message');

let shown = '';
let asked = 0;

filter.value = new URLSearchParams(location.search).get('to') ?? '';

function render(message) {
  const item = template.content.cloneNode(true);
  const put = (selector, text) => { item.querySelector(selector).textContent = text; };
  const sent = new Date(message.sent_at * 1000);
  put('h2', message.subject || 'Text message');
  put('.channel', message.channel === 'sms' ? 'Text message' : 'E-mail');
  put('.to', message.to);
  put('time', sent.toLocaleString());
  put('pre', message.text);
  item.querySelector('time').dateTime = sent.toISOString();
  return item;
}

async function refresh() {
  const turn = ++asked;
  const to = filter.value.trim();
  const query = to ? `?${new URLSearchParams({ to })}` : '';
  try {
    const response = await fetch(`/dev/mailbox${query}`, { cache: 'no-store' });
    if (!response.ok) throw new Error(`the service answers ${response.status}`);
    const { messages } = await response.json();
    if (turn !== asked) return;
    const ids = messages.map((message) => message.id).join();
    if (ids !== shown) {
      list.replaceChildren(...messages.map(render));
      shown = ids;
    }
    const count = messages.length === 1 ? '1 message' : `${messages.length} messages`;
    state.textContent = messages.length ? count : 'No messages yet. This page looks for new ones by itself.';
  } catch (error) {
    if (turn === asked) state.textContent = `The messages cannot be read: ${error.message}`;
  }
}

document.getElementById('filter').addEventListener('submit', (event) => event.preventDefault());
filter.addEventListener('input', () => {
  const to = filter.value.trim();
  history.replaceState(null, '', to ? `?${new URLSearchParams({ to })}` : location.pathname);
  refresh();
});
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
setInterval(() => { if (!document.hidden) refresh(); }, interval);
refresh();
