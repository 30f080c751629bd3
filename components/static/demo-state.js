// Follow the start of the service, then its health, by asking the page's own server.

import { ask, byId, pause } from './demo-kit.js';

const WHILE_WARMING_MS = 120;
const AFTERWARDS_MS = 1000;

export async function follow({ onReady, onState }) {
  let isReady = false;
  for (;;) {
    const state = await ask('/api/state').catch(() => null);
    show(state, isReady);
    if (state?.phase === 'ready' && !isReady) {
      isReady = true;
      await onReady(state);
    }
    if (state) onState(state);
    await pause(isReady || state?.phase === 'stopped' ? AFTERWARDS_MS : WHILE_WARMING_MS);
  }
}

function show(state, wasReady) {
  const isReady = state?.phase === 'ready';
  const isDown = !state || state.phase === 'stopped';
  byId('down').hidden = !isDown;
  byId('warm').hidden = isReady || isDown || wasReady;
  byId('guide').hidden = !isReady;
  if (isDown) {
    const text = state?.text ?? 'The demo itself was stopped. Start it again, then reload this page.';
    if (byId('down-text').textContent !== text) byId('down-text').textContent = text;
    return;
  }
  if (isReady) return;
  const { text, done, total, elapsed_s: elapsed } = state;
  if (byId('warm-text').textContent !== text) byId('warm-text').textContent = text;
  byId('warm-time').textContent = `${elapsed.toFixed(0)} s`;
  byId('warm-count').textContent = total ? `${done} of ${total}` : '';
  if (total) byId('warm-bar').value = (100 * done) / total;
  else byId('warm-bar').removeAttribute('value');
}
