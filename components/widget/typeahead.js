// The layout of a combobox: options for what is being typed into the target, after the ARIA pattern.
// The options are children of the host, in the tree of the target: no id may point into a shadow. A textarea may not be a
// combobox (ARIA in HTML): it stays a text field that completes from a list.

import { textOf } from './target.js';
import CSS from './typeahead.css';

let boxes = 0;

export default (engine) => {
  const { host, box, make, target, choose, dismiss, track, watch } = engine;
  const list = make('div', { part: 'list', role: 'listbox', popover: 'manual' }, make('slot'));
  let options = [];
  let shown = [];
  let field;
  let active = -1;
  let query = '';
  let isChoosing;
  let note; // of a wait: it lies where the list would and moves nothing of the page
  engine.query = () => query;
  engine.style(CSS);
  box.prepend(list);
  host.id ||= `suggest-box-${++boxes}`;
  host.select = take; // what is chosen is not asked about, whoever chooses

  function adopt() {
    field = target();
    if (!field || field.ariaAutoComplete === 'list') return;
    const attributes = {
      autocomplete: 'off', 'aria-autocomplete': 'list', 'aria-controls': host.id,
      ...!field.matches('textarea') && { role: 'combobox', 'aria-expanded': 'false' },
    };
    for (const name in attributes) field.setAttribute(name, attributes[name]);
  }

  function draw(state, items, words, label) {
    adopt();
    list.ariaLabel = label;
    list.ariaBusy = state === 'loading';
    if (state === 'loading' && options[0]) return; // the former ones stay until the next have come
    for (const option of options) option.remove();
    shown = items;
    options = items.map((item, index) => make('div', {
      id: `${host.id}-${index}`,
      role: 'option',
      ariaSelected: 'false',
      dir: 'auto',
      textContent: item.from ? `${item.from}: ${item.text}` : item.text,
      onclick: () => take(index, 'click'),
      oncontextmenu: (event) => steer(index) && event.preventDefault(), // a long press, too
      onmousedown: (event) => event.preventDefault(), // the caret stays in the field
    }));
    options.forEach((option, index) => {
      const [, sure] = engine.sure?.(items[index]) ?? [];
      if (sure) option.dataset.confidence = sure;
    });
    host.append(...options);
    open();
    watch(list);
  }

  function open(isWanted = field?.matches(':focus')) {
    const isOpen = Boolean(isWanted && options[0]);
    list.togglePopover(isOpen);
    if (isCombobox()) field.setAttribute('aria-expanded', isOpen);
    if (!isOpen) activate(-1);
    if (note?.isConnected) note.togglePopover(Boolean(isWanted && !isOpen));
    place();
  }

  engine.lay = (node) => {
    note = Object.assign(node, { popover: 'manual' });
    open();
  };

  function place() {
    for (const node of [list, note]) if (node?.matches(':popover-open')) put(node);
  }

  function put(node) {
    const { left, top, bottom, width } = field.getBoundingClientRect();
    const below = innerHeight - bottom - 8;
    const isBelow = below > 180 || below > top;
    const edge = isBelow ? { top: `${bottom + 4}px`, bottom: 'auto' } : { bottom: `${innerHeight - top + 4}px`, top: 'auto' };
    Object.assign(node.style, { ...edge, left: `${left}px`, width: `${width}px`, maxHeight: `${Math.min(360, isBelow ? below : top - 8)}px` });
  }

  function activate(index) {
    active = index;
    options.forEach((option, at) => option.ariaSelected = String(at === index));
    const option = options[index];
    option?.scrollIntoView({ block: 'nearest' });
    if (option) field.setAttribute('aria-activedescendant', option.id);
    else field?.removeAttribute('aria-activedescendant');
  }

  const isCombobox = () => field?.role === 'combobox';

  function steer(index) {
    const isMenu = engine.menu?.(options[index], shown[index], index);
    if (isMenu) activate(index);
    return isMenu;
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
    const isMenuKey = key === 'ContextMenu' || key === 'F10' && event.shiftKey;
    if (step && !event.altKey && (isOpen || isCombobox())) {
      if (!isOpen) open(true);
      // Past either end nothing is active: the person's own words are a choice, too.
      const n = options.length + 1;
      activate((active + 1 + step + n) % n - 1);
    } else if (key === 'Enter' && isOpen && active >= 0) take(active, 'keyboard');
    else if (key === 'Escape' && isOpen) dismiss('escape');
    else if (!isMenuKey || !isOpen || active < 0 || !steer(active)) return;
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
      if (event.target === field && (note?.isConnected || host.state === 'show')) open();
    });
    on(root, 'focusout', (event) => event.target === field && event.relatedTarget !== host && open(false));
    // Own words sent while options were on offer.
    on(root, 'submit', (event) => event.target.contains(field) && host.state === 'show' && textOf(field)
      && track('override', { length: textOf(field).length }));
    on(window, 'scroll', place);
    on(window, 'resize', place);
  }

  return { draw, connect };
};
