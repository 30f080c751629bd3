// What the customer writes and the agent answers, and the box between them.

import { byId, make } from './demo-kit.js';
import { openStrip } from './demo-strip.js';

const ORDERS = ['2-person tent', 'rain jacket', 'cast-iron pan', 'hiking boots', 'steel bottle'];

export function openConversation({ surface, story }) {
  const [chat, thread, reply, form] = ['chat', 'thread', 'reply', 'reply-form'].map(byId);
  const agent = thread.dataset.agent;
  const strip = openStrip();
  // The last message stays in sight when what stands below takes more room.
  const stay = new ResizeObserver((entries) => entries.forEach(({ target }) => { target.scrollTop = target.scrollHeight; }));
  stay.observe(chat);
  stay.observe(thread);
  let turns = []; // of this customer, oldest first
  let waiting = ''; // the customer's words that want an answer
  let guest = 0;
  let box = null;
  let siteKey = '';
  let session = '';

  function say(role, text) {
    for (const log of [chat, thread]) {
      log.querySelector('.chat-empty')?.remove();
      const isMine = (log === chat) === (role === 'customer');
      const who = role === 'customer' ? `Guest ${guest}` : agent;
      log.append(make('p', { class: `turn${isMine ? ' turn-ours' : ''}`, 'data-role': role },
        make('span', { class: 'turn-who' }, log === chat && isMine ? 'You' : who), text));
      log.scrollTop = log.scrollHeight;
    }
  }

  function welcome() {
    guest = guest ? guest + 1 : 4182;
    turns = [];
    session = crypto.randomUUID();
    for (const log of [chat, thread]) {
      if (log.querySelector('.turn')) log.append(make('p', { class: 'divider' }, `Guest ${guest} writes`));
    }
    byId('card-guest').textContent = `Guest ${guest}`;
    byId('card-order').textContent = `${ORDERS[guest % ORDERS.length]}, delivered ${(guest % 9) + 2} days ago`;
    if (box) open();
  }

  function send(text, { isNew = false, before = [] } = {}) {
    if (isNew || !guest) welcome();
    for (const [role, said] of before) {
      say(role, said);
      turns.push({ role, text: said });
    }
    say('customer', text);
    waiting = text;
    strip.asked();
    byId('last-message').textContent = text;
    if (box) box.context = { text, turns: [...turns], session };
    turns.push({ role: 'customer', text });
  }

  for (const button of document.querySelectorAll('[data-send]')) {
    button.addEventListener('click', () => {
      const { send: text, turns: said = '', continues } = button.dataset;
      const before = said.split('\n').filter(Boolean).map((line) => line.split('\t'));
      send(text, { isNew: !continues, before });
      bring('agent');
    });
  }

  byId('ask').addEventListener('submit', (event) => {
    event.preventDefault();
    const field = byId('ask-text');
    if (!field.value.trim() || !box) return;
    send(field.value.trim());
    field.value = '';
    bring('agent');
  });

  // On a phone the panes stand below each other: show where the answer will appear.
  function bring(pane) {
    if (matchMedia('(max-width: 60rem)').matches) byId(pane).scrollIntoView({ block: 'start' });
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = reply.value.trim();
    if (!text || !guest) return reply.focus();
    say('agent', text);
    turns.push({ role: 'agent', text });
    if (strip.picked()) story.tick('pick');
    waiting = '';
    if (box) box.context = '';
    reply.value = '';
  });

  // A box per conversation, as a support desk would have it: what one customer waits for is not shown to the next.
  function open() {
    box = make('suggest-box', { 'site-key': siteKey, surface, for: 'reply', label: 'Suggested replies', lang: 'en' });
    listen(box);
    byId('box-place').replaceChildren(box);
  }

  function listen(box) {
    box.addEventListener('suggest-show', ({ detail }) => {
      strip.decided(detail);
      box.classList.remove('is-answered');
      story.tick('ask');
      if (strip.isAgain()) story.tick('again');
    });
    box.addEventListener('suggest-empty', ({ detail }) => {
      strip.decided(detail);
      if (detail.reason === 'needs-no-answer') story.tick('thanks');
    });
    box.addEventListener('suggest-escalate', ({ detail }) => {
      strip.escalated(detail);
      box.classList.toggle('is-answered', detail.state === 'answered');
      if (detail.state === 'answered') story.tick('colleague');
    });
    box.addEventListener('suggest-select', ({ detail }) => strip.chose(detail));
    box.addEventListener('suggest-feedback', ({ detail }) => strip.logged(detail));
    box.addEventListener('suggest-error', ({ detail }) => strip.failed(detail));
  }

  return {
    start(key) {
      siteKey = key;
      open();
      if (waiting) box.context = { text: waiting, turns: turns.slice(0, -1), session };
    },
    look: (state) => strip.look(state),
  };
}
