// The layout of a combobox: options for what is being typed into the target, after the ARIA pattern.
// The options are children of the host, in the tree of the target: no id may point into a shadow.

import { textOf } from './target.js';
import CSS from './typeahead.css';

let boxes = 0;

export default (engine) => {
  const { host, box, make, target, choose, dismiss, track, watch } = engine;
  const list = make('div', { part: 'list', role: 'listbox', popover: 'manual' }, make('slot'));
  let options = [];
  let field;
  let active = -1;
  let query = '';
  let isChoosing;
  engine.query = () => query;
  engine.style(CSS);
  box.prepend(list);
  host.id ||= `suggest-box-${++boxes}`;

  function adopt() {
    field = target();
    if (!field || field.role === 'combobox') return;
    const attributes = {
      role: 'combobox', autocomplete: 'off', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': host.id,
    };
    for (const name in attributes) field.setAttribute(name, attributes[name]);
  }

  function draw(state, items, words, label) {
    adopt();
    list.ariaLabel = label;
    list.ariaBusy = state === 'loading';
    if (state === 'loading' && options[0]) return; // the former ones stay until the next have come
    for (const option of options) option.remove();
    options = items.map((item, index) => make('div', {
      id: `${host.id}-${index}`,
      role: 'option',
      ariaSelected: 'false',
      dir: 'auto',
      textContent: item.from ? `${item.from}: ${item.text}` : item.text,
      onclick: () => take(index, 'click'),
      onmousedown: (event) => event.preventDefault(), // the caret stays in the field
    }));
    host.append(...options);
    open();
    watch(list);
  }

  function open(isOpen = field?.matches(':focus')) {
    isOpen = Boolean(isOpen && options[0]);
    list.togglePopover(isOpen);
    field?.setAttribute('aria-expanded', isOpen);
    if (isOpen) place();
    else activate(-1);
  }

  function place() {
    if (!list.matches(':popover-open')) return;
    const { left, top, bottom, width } = field.getBoundingClientRect();
    const below = innerHeight - bottom - 8;
    const isBelow = below > 180 || below > top;
    const edge = isBelow ? { top: `${bottom + 4}px`, bottom: 'auto' } : { bottom: `${innerHeight - top + 4}px`, top: 'auto' };
    Object.assign(list.style, { ...edge, left: `${left}px`, width: `${width}px`, maxHeight: `${Math.min(360, isBelow ? below : top - 8)}px` });
  }

  function activate(index) {
    active = index;
    options.forEach((option, at) => option.ariaSelected = String(at === index));
    const option = options[index];
    option?.scrollIntoView({ block: 'nearest' });
    if (option) field.setAttribute('aria-activedescendant', option.id);
    else field?.removeAttribute('aria-activedescendant');
  }

  function take(index, via) {
    isChoosing = 1;
    choose(index, via);
    isChoosing = 0;
  }

  function onKey(event) {
    const { key } = event;
    if (event.target !== field || event.isComposing || !options[0] || list.ariaBusy === 'true') return;
    const isOpen = list.matches(':popover-open');
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (step && !event.altKey) {
      if (!isOpen) open(true);
      // Past either end nothing is active: the person's own words are a choice, too.
      const n = options.length + 1;
      activate((active + 1 + step + n) % n - 1);
    } else if (key === 'Enter' && isOpen && active >= 0) take(active, 'keyboard');
    else if (key === 'Escape' && isOpen) dismiss('escape');
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function connect(on) {
    const root = host.getRootNode();
    adopt();
    on(root, 'input', ({ target }) => {
      if (target !== field || isChoosing) return;
      query = textOf(field);
      activate(-1);
    });
    on(root, 'keydown', onKey);
    on(root, 'focusin', (event) => {
      adopt();
      if (event.target === field && host.state === 'show') open();
    });
    on(root, 'focusout', (event) => event.target === field && open(false));
    // Own words sent while options were on offer.
    on(root, 'submit', (event) => event.target.contains(field) && host.state === 'show' && textOf(field)
      && track('override', { length: textOf(field).length }));
    on(window, 'scroll', place);
    on(window, 'resize', place);
  }

  return { draw, connect };
};
