// What a person may do besides taking an option or leaving it: edit it first, refuse it, ask for more of its kind or for a
// person, see why it is there and how likely it is, take a choice back, turn it all off. And what follows a choice.

import CSS from './steer.css';
import { insert, textOf, write } from './target.js';

const ENGLISH = {
  actions: 'What to do with it',
  edit: 'Edit before use',
  refuse: 'Not this',
  more: 'More like this',
  ask: 'Ask a person',
  off: 'Turn off suggestions',
  on: 'Turn on suggestions',
  undo: 'Undo',
  inserted: 'Inserted',
  useEdited: 'Use',
  cancel: 'Cancel',
  nothing: 'Nothing else fits.',
  likely: 'Likely',
  possible: 'Possible',
  unsure: 'Unsure',
  meaning: 'Close in meaning to what is asked.',
  words: 'Shares words with what is asked.',
  chosen: 'Chosen before where people asked the like.',
  fields: 'Fits the details of this request.',
  lately: 'Chosen lately.',
};
const ALL = ['edit', 'not', 'more', 'why', 'ask', 'undo', 'off'];

export default (engine) => {
  const { host, box, make, attribute, strings, lang, target, ask, become, choose, emit, track } = engine;
  const menu = make('div', { part: 'menu', popover: 'auto', onkeydown: onKey, onmousedown: (event) => event.stopPropagation() });
  const strip = make('div', { part: 'strip-done', hidden: true });
  let opener;
  let offered = [];
  let refused = [];
  let chain = [];
  let isSteering;
  engine.say(ENGLISH);
  engine.style(CSS);
  box.lastChild.before(strip, menu);

  const actions = () => attribute('actions') == null ? [] : attribute('actions').match(/\w+/g) ?? ALL;
  const may = (action) => actions().includes(action);
  const id = (item) => item.id ? [item.id] : [];

  // --- beside an option

  engine.dress = (node, item, index) => {
    const button = node.matches('button') ? node : node.querySelector('[part=option]') ?? node;
    const sure = confidence(item);
    if (sure) button.append(sure);
    if (!actions().some((action) => !/undo/.test(action)) || !item.id) return node;
    const more = make('button', {
      part: 'more', ariaLabel: `${strings().actions}: ${item.text}`, ariaHasPopup: 'menu', ariaExpanded: 'false',
      onclick: () => open(more, item, index),
    });
    if (node !== button || !node.matches('button')) {
      node.append(more);
      return node;
    }
    return make('div', { part: 'split' }, node, more);
  };

  // Beside an option that may hold no button: opened by whoever draws it.
  engine.menu = (option, item, index) => {
    if (!actions().some((action) => !/undo|edit/.test(action)) || !item.id) return false;
    open(option, item, index);
    return true;
  };

  // How sure it is: the band, and the words for it where the host wants them said.
  engine.sure = ({ p_select: p }) => {
    const how = attribute('confidence');
    if (how == null || p == null) return [];
    const band = p >= 0.6 ? 'likely' : p >= 0.25 ? 'possible' : 'unsure';
    return [band, how === 'percent' ? new Intl.NumberFormat(lang(), { style: 'percent' }).format(p) : strings()[band]];
  };

  function confidence(item) {
    const [band, textContent] = engine.sure(item);
    return band && make('span', { part: `confidence ${band}`, textContent });
  }

  // --- the menu

  function open(more, item, index) {
    const words = strings();
    if (opener === more && menu.matches(':popover-open')) return menu.hidePopover();
    const why = may('why') && engine.slate.explain?.[item.id]?.why;
    const doings = {
      edit: [words.edit, () => edit(item, index)],
      not: [words.refuse, () => refuse(item)],
      more: [words.more, () => again({ like: item.id, exclude: refused })],
      ask: [words.ask, () => again({ ask: true })],
      off: [words.off, () => turn(true)],
    };
    const list = make('div', { role: 'menu', ariaLabel: words.actions }, ...actions().filter((name) => doings[name] && (isButton(more) || name !== 'edit')).map((name) =>
      make('button', {
        role: 'menuitem', tabIndex: -1, textContent: doings[name][0],
        async onclick(event) {
          if (name !== 'edit') menu.hidePopover();
          if (!isButton(opener)) back();
          await doings[name][1]();
          if (!event.detail && name !== 'edit' && isButton(opener)) box.querySelector('button:not([hidden] *)')?.focus();
        },
      })));
    if (why) list.setAttribute('aria-describedby', 'why');
    menu.replaceChildren(why ? make('div', { part: 'why', id: 'why', textContent: words[why] }) : '', list.firstChild ? list : '');
    show(more);
    list.firstChild?.focus();
  }

  function show(more) {
    opener = more;
    expand(true);
    menu.showPopover();
    const at = more.getBoundingClientRect();
    const { width, height } = menu.getBoundingClientRect();
    const isRtl = getComputedStyle(host).direction === 'rtl';
    const left = isRtl ? at.left : at.right - width;
    const top = at.bottom + 4 + height > innerHeight ? at.top - height - 4 : at.bottom + 4;
    menu.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    menu.style.top = `${Math.max(8, top)}px`;
  }

  menu.addEventListener('toggle', ({ newState }) => {
    if (newState === 'closed') expand(false);
  });

  const isButton = (node) => node.matches('button');
  const expand = (is) => opener && isButton(opener) && (opener.ariaExpanded = String(is));
  const back = () => (isButton(opener) ? opener : target()).focus(); // of an option, where one types

  function onKey(event) {
    const all = [...menu.querySelectorAll('[role=menuitem]')];
    const at = all.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    event.stopPropagation();
    if (event.key === 'Escape' || (event.key === 'Tab' && at >= 0)) {
      menu.hidePopover();
      back();
    } else if (at < 0 || to == null) return;
    else all.at(to % all.length).focus();
    event.preventDefault();
  }

  // --- what is done

  function edit(item, index) {
    const words = strings();
    const text = make('textarea', { value: item.text, dir: 'auto', ariaLabel: words.edit });
    menu.replaceChildren(text, make('div', { part: 'acts' },
      make('button', { part: 'act primary', textContent: words.useEdited, onclick() {
        menu.hidePopover();
        choose(index, 'edit', text.value);
      } }),
      make('button', { part: 'act', textContent: words.cancel, onclick: () => menu.hidePopover() })));
    show(opener);
    text.focus();
  }

  // A dismissal that names an option is of that one; of the others it says nothing.
  function refuse(item) {
    refused.push(item.id);
    emit('refuse', { item, position: item.position });
    track('dismiss', { item: item.id, position: item.position });
    return again({ exclude: refused });
  }

  async function again(extra) {
    const { slate } = engine;
    const former = host.suggestions.filter((item) => !refused.includes(item.id));
    isSteering = 1;
    await ask(true, extra);
    isSteering = 0;
    if (host.state !== 'abstain' || !former[0]) return;
    engine.slate = slate;
    become('show', former);
    box.lastChild.textContent = strings().nothing;
  }

  function turn(isOff) {
    host.toggleAttribute('off', isOff);
    emit('off', { off: isOff });
    ask(true);
    offer(isOff && [strings().on, () => turn(false)]);
  }

  // A line in the place of the options: what was done, and how to take it back.
  function offer(doing, said = '') {
    strip.hidden = !doing;
    if (doing) strip.replaceChildren(said, make('button', { part: 'act', textContent: doing[0], onclick: doing[1] }));
  }

  host.addEventListener('suggest-select', () => offered = host.suggestions);
  host.addEventListener('suggest-show', () => {
    if (isSteering) return;
    refused = [];
    chain = [];
    offer();
  });

  engine.after = (item, before) => {
    const words = strings();
    const { slate } = engine;
    if (may('undo')) offer([words.undo, () => {
      host.commit(''); // nothing of it is left
      const field = target();
      if (field) {
        insert(field, before, 'replace');
        if (textOf(field) !== before) write(field, before, before);
      }
      emit('undo', { item });
      engine.slate = slate;
      offer();
      become('show', offered);
    }], attribute('layout') === 'field' ? '' : words.inserted); // which says so itself
    const next = attribute('follow-up');
    if (next == null) return;
    const { context, ...body } = engine.body;
    chain.push(item);
    again({
      surface: next || body.surface,
      context: { ...context, turns: [...context.turns ?? [], ...chain.map(({ text }) => ({ role: 'reply', text }))] },
      exclude: chain.flatMap(id),
    });
  };

  if (may('off') && attribute('off') != null) offer([strings().on, () => turn(false)]);
};
