// The layout of a form value that is filled in already: confirm it, change it for another, or clear it.

import CSS from './field.css';
import { textOf, write } from './target.js';

const ENGLISH = {
  suggested: 'Suggested',
  confirm: 'Confirm',
  confirmed: 'Confirmed',
  take: 'Use suggestion',
  change: 'Change',
  clear: 'Clear',
  check: 'Suggested value, please check',
};

export default (engine) => {
  const { host, internals, box, make, attribute, target, choose, dismiss, emit, track, watch, dress, strings } = engine;
  const root = make('div', { part: 'field', role: 'group', onkeydown: onKey });
  let shown = [];
  let filled; // what the box has put into the field and nobody has touched
  let isSeen;
  engine.say(ENGLISH);
  engine.style(CSS);
  box.prepend(root);

  const isHeld = () => filled != null && textOf(target()) === filled;
  const button = (part, textContent, onclick, more) => make('button', { part: `tool ${part}`, textContent, onclick, ...more });

  function fill(text) {
    const field = target();
    filled = text || null;
    write(field, text, text);
    field.toggleAttribute('data-suggested', filled != null);
  }

  function mark(words) {
    const field = target();
    if (!field) return;
    field.toggleAttribute('data-suggested', isHeld());
    field.ariaDescription = isHeld() ? words.check : null;
  }

  function draw(state, items, words, label) {
    const field = target();
    shown = items;
    root.ariaLabel = label;
    root.ariaBusy = state === 'loading';
    root.hidden = !items[0] && !/loading|selected/.test(state);
    if (items[0]) {
      isSeen = 0;
      if (field && (isHeld() || !textOf(field))) fill(items[0].text);
      strip(words);
      if (items[0].id) watch(root, { item: items[0].id, position: items[0].position });
    } else if (state === 'selected') {
      filled = null;
      root.replaceChildren(make('div', { part: 'strip' }, make('span', { part: 'badge done', textContent: words.confirmed })));
    } else {
      if (state === 'loading') root.replaceChildren(make('div', { part: 'strip' }, make('div', { part: 'skeleton' })));
      else root.replaceChildren();
      if (isHeld() && state !== 'idle') fill(''); // nobody has seen to it, and it is of another context
    }
    mark(words);
  }

  function strip(words) {
    const [first] = shown;
    const others = make('div', { part: 'others', hidden: true }, ...shown.slice(1).map((item, index) => make('button', {
      part: 'chip', onclick: ({ detail }) => choose(index + 1, detail ? 'click' : 'keyboard'),
    }, make('span', { part: 'text', dir: 'auto', textContent: item.text }))));
    const change = button('change', words.change, () => {
      others.hidden = !others.hidden;
      change.ariaExpanded = String(!others.hidden);
      if (!others.hidden) others.firstChild.focus();
    }, { ariaExpanded: 'false' });
    root.replaceChildren(dress(make('div', { part: 'strip' },
      make('div', { part: 'head' },
        make('span', { part: 'badge', textContent: first.from ?? words.suggested }),
        isHeld() ? '' : make('span', { part: 'value', dir: 'auto', textContent: first.text })),
      button('confirm', isHeld() ? words.confirm : words.take, ({ detail }) => choose(0, detail ? 'click' : 'keyboard')),
      shown[1] ? change : '',
      button('clear', isHeld() ? words.clear : words.dismiss, () => clear('button'))), first, 0), others);
  }

  function clear(via) {
    if (isHeld()) fill('');
    dismiss(via);
    target()?.focus();
  }

  function onKey(event) {
    if (event.key !== 'Escape') return;
    clear('escape');
    event.preventDefault();
    event.stopPropagation();
  }

  // A value that was seen, left as it is and sent was taken.
  function send() {
    if (host.state !== 'show' || !isSeen || !isHeld()) return;
    const [item] = shown;
    emit('select', { item, position: item.position, via: 'submit' });
    track('select', { item: item.id, position: item.position });
    track('commit', { edited: false, edit_ratio: 0, text: attribute('data-log-text') == null ? undefined : textOf(target()) });
    internals.setFormValue(JSON.stringify({ impression: engine.slate.impression, item: item.id }));
  }

  function connect(on) {
    const tree = host.getRootNode();
    on(tree, 'submit', (event) => event.target.contains(target()) && send());
    on(host, 'suggest-view', () => isSeen = 1);
    on(tree, 'input', (event) => {
      if (event.target !== target() || !event.isTrusted || !shown[0]) return;
      mark(strings());
      if (!isHeld()) strip(strings());
    });
  }

  return { draw, connect };
};
