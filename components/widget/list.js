// The layout of a ranked list, with pages: each option reports by itself that it was seen. One is taken, or several.

import CSS from './list.css';

const ENGLISH = {
  previous: 'Previous options',
  next: 'More options',
  use: 'Use selected: {n}',
  range: '{a} to {b} of {n}',
};

export default (engine) => {
  const { host, box, make, attribute, count, target, choose, dismiss, emit, track, watch, dress, strings } = engine;
  const list = make('div', { part: 'list', role: 'group', onkeydown: onKey });
  const picked = new Set();
  let first = 0;
  let shown = [];
  let rows; // of all pages: one that was seen is not seen again
  engine.say(ENGLISH);
  engine.style(CSS);
  box.prepend(list);

  const isMultiple = () => attribute('multiple') != null;
  const pageSize = () => Math.min(+attribute('page', 5), count());

  function draw(state, items, words, label) {
    const isLoading = state === 'loading';
    first = 0;
    picked.clear();
    shown = items;
    list.hidden = !isLoading && !items[0];
    list.ariaBusy = isLoading;
    list.ariaLabel = label;
    box.style.setProperty('--page', pageSize());
    if (isLoading) list.replaceChildren(make('div', {}, ...Array.from({ length: pageSize() }, () => make('div', { part: 'bone' }, make('div', { part: 'skeleton' })))));
    else if (items[0]) {
      rows = items.map((item, index) => row(item, index, words));
      page(words);
    } else list.replaceChildren();
  }

  function row(item, index, words) {
    const text = make('span', { part: 'text', dir: 'auto', textContent: item.text });
    const from = item.from ? make('b', { part: 'from', textContent: item.from }) : '';
    const option = isMultiple()
      ? make('label', { part: 'option' }, make('input', { type: 'checkbox', onchange: ({ target }) => {
        picked[target.checked ? 'add' : 'delete'](index);
        tell(words);
      } }), from, text)
      : make('button', { part: 'option', onclick: ({ detail }) => choose(index, detail ? 'click' : 'keyboard') }, from, text);
    option.title = item.text[60] ? item.text : '';
    const made = dress(make('li', { part: 'row' }, option), item, index);
    if (item.id) watch(made, { item: item.id, position: item.position });
    return made;
  }

  function page(words) {
    const size = pageSize();
    const last = Math.min(first + size, shown.length);
    box.style.setProperty('--before', first);
    list.replaceChildren(make('ol', { part: 'rows', role: 'list' }, ...rows.slice(first, last)), make('div', { part: 'foot' },
      ...isMultiple() ? [make('button', { part: 'use', onclick: ({ detail }) => use(detail ? 'click' : 'keyboard') })] : [],
      make('span', { part: 'page', textContent: shown[size] ? fill(words.range, { a: first + 1, b: last, n: shown.length }) : '' }),
      ...shown[size] ? [
        make('button', { part: 'tool back', ariaLabel: words.previous, disabled: !first, onclick: () => turn(-size) }),
        make('button', { part: 'tool ahead', ariaLabel: words.next, disabled: last === shown.length, onclick: () => turn(size) }),
      ] : [],
      make('button', { part: 'dismiss', ariaLabel: words.dismiss, onclick: () => dismiss('button') })));
    tell(words);
  }

  const fill = (text, values) => text.replace(/\{(\w)\}/g, (_, name) => values[name]);
  const choices = () => [...list.querySelectorAll('[part=option] input, button[part=option]')];

  function tell(words) {
    const button = list.querySelector('[part=use]');
    if (!button) return;
    button.textContent = fill(words.use, { n: picked.size });
    button.disabled = !picked.size;
  }

  function turn(by) {
    if (!shown[first + by]) return;
    first += by;
    page(strings());
    choices()[0].focus();
    emit('page', { from: first });
  }

  // Several at once: each is reported, their texts go in together, in the order of the list.
  function use(via) {
    const items = [...picked].sort((a, b) => a - b).map((index) => shown[index]);
    const last = items.at(-1);
    for (const item of items.slice(0, -1)) {
      emit('select', { item, position: item.position, via });
      track('select', { item: item.id, position: item.position });
    }
    choose({ ...last, text: items.map(({ text }) => text).join('\n'), items: items[1] && items.map(({ id }) => id) }, via);
  }

  function onKey(event) {
    const all = choices();
    const at = all.indexOf(event.target);
    const { key } = event;
    if (key === 'Escape') {
      dismiss('escape');
      target()?.focus();
    } else if (key === 'PageDown') turn(pageSize());
    else if (key === 'PageUp') turn(-pageSize());
    else {
      const to = at < 0 ? null : { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[key];
      if (to == null) return;
      all.at(to % all.length).focus();
    }
    event.preventDefault();
    event.stopPropagation();
  }

  return { draw };
};
