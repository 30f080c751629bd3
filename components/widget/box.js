// The engine of one <suggest-box>, as a closure over its host: what it asks, knows and reports. A layout draws.

import { createClient } from '../static/client.js';
import { load } from './parts.js';
import CSS from './style.css';
import { editRatio, insert, textOf } from './target.js';

const make = (tag, props, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

export function mount(host, internals, layouts) {
  const status = make('output');
  // The caret stays where the person left it.
  const box = make('div', { part: 'box', onmousedown: (event) => event.preventDefault() }, status);
  const shadow = host.attachShadow({ mode: 'open', delegatesFocus: true });
  const english = { label: 'Suggestions', dismiss: 'Dismiss suggestions' }; // and what a part adds; see words.js
  const watched = new Map();

  let { context: given } = host; // set before the element was defined
  let furnished; // the promise of a layout
  let layout;
  let translations;
  let state;
  let items = []; // on the screen
  let said; // to the person
  let asked; // the request on the screen or on its way, as JSON
  let waiting; // for a colleague
  let request;
  let life; // ends when the host leaves the document
  let isArmed;
  let askTimer;
  let inserted; // the target's text as suggested, until it is committed
  // Of this slate:
  let hasLeft, since;
  let seenMs = 0;
  let typed = 0; // 0: nothing, a timer: just now, -1: reported

  const attribute = (name, otherwise) => host.getAttribute(name) ?? otherwise;
  const count = () => +attribute('count', /list|type/.test(attribute('layout')) ? 10 : 3);
  const lang = () => host.closest('[lang]')?.lang || navigator.language;
  const strings = () => ({ ...english, ...translations?.[lang().slice(0, 2)], ...host.strings });
  const target = () => host.getRootNode().getElementById?.(attribute('for'));
  const isOpen = () => state === 'show';

  function emit(name, extra, cancelable) {
    const { token, ...detail } = { ...engine.slate, ...extra };
    return host.dispatchEvent(new CustomEvent('suggest-' + name, { bubbles: true, composed: true, cancelable, detail }));
  }

  function style(css) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    shadow.adoptedStyleSheets.push(sheet);
  }

  // --- ask

  function readContext() {
    const { context } = host;
    const from = attribute('context-from');
    const {
      text = engine.query?.() ?? (from && textOf(host.getRootNode().querySelector(from)).replace(/\s+/g, ' ')),
      ...rest
    } = typeof context === 'object' ? context ?? {} : { text: context };
    return text?.trim() && { session: attribute('session'), ...rest, text: text.trim().slice(0, 8000) };
  }

  function connectClient() {
    return createClient({
      siteKey: attribute('site-key'),
      endpoint: attribute('endpoint'),
      timeout: attribute('timeout'),
      learn: attribute('no-learn') == null && !navigator.globalPrivacyControl,
      onReceipt: (receipt) => emit('feedback', receipt),
    });
  }

  function furnish() {
    const need = (name) => layouts[name] ?? load(name);
    return furnished ??= Promise.all([
      need(attribute('layout', 'chips')),
      host.matches('[actions],[confidence],[follow-up]') && load('steer'),
    ]).then(([draw, steer]) => {
      steer && steer(engine);
      layout = draw(engine);
      layout.connect?.(on);
      become(state, items, said);
    });
  }

  // `extra` steers one request, and does not make it another context.
  async function ask(isForced, extra) {
    clearTimeout(askTimer);
    const mine = new AbortController();
    try {
      const context = readContext();
      const body = engine.body = { surface: attribute('surface'), context, k: count() };
      const json = JSON.stringify(body);
      if (!isForced && json === asked) return;
      asked = json;
      close();
      request = mine;
      become(context && attribute('off') == null ? 'loading' : 'idle');
      if (state === 'idle') return;
      engine.client = connectClient(); // a former one delivers what it holds by itself
      const [answer] = await Promise.all([
        engine.client.suggest({
          ...body,
          explain: /why|^$/.test(attribute('actions')) || undefined,
          user_token: attribute('user-token') || undefined, // beside the context: a fresh token is no news
          ...extra,
        }, mine.signal),
        furnish(),
        /^en/.test(lang()) || load('words').then((words) => translations = words, () => {}),
      ]);
      // `items` come whatever the decision; only a slate to show is shown.
      const { decision, escalation } = answer;
      const isShown = /show|auto/.test(decision) && answer.items[0];
      const wait = !isShown && escalation && await load('wait');
      if (request !== mine || !isShown && !wait && waiting?.resume()) return;
      forget();
      engine.slate = answer;
      if (wait) waiting = wait(engine, escalation);
      else {
        become(isShown ? 'show' : 'abstain', isShown && answer.items);
        emit(isShown ? 'show' : 'empty');
      }
    } catch ({ problem, name, message }) {
      if (mine.signal.aborted) return;
      waiting?.resume() || become('error');
      emit('error', { problem: problem ?? { title: name, detail: message } });
    }
  }

  function schedule() {
    clearTimeout(askTimer);
    if (isArmed) askTimer = setTimeout(ask, attribute('debounce', 150));
  }

  function arm() {
    if (!isArmed) ask();
    isArmed = 1;
  }

  function forget() {
    waiting?.stop();
    waiting = null;
  }

  // --- show

  function become(next, shown, text) {
    const words = strings();
    const label = attribute('label', words.label);
    const hadFocus = shadow.activeElement;
    state = next;
    items = shown || [];
    said = items[0] ? `${label}: ${items.length}` : text ?? '';
    Object.assign(host, { state, suggestions: items, impression: engine.slate?.impression });
    layout?.draw(state, items, words, label);
    status.part = 'status';
    if (status.textContent !== said) status.textContent = said; // once
    if (hadFocus) target()?.focus();
    look();
  }

  // --- report

  function track(type, extra) {
    look();
    engine.client.track(engine.slate, type, { ...extra, visible_ms: seenMs });
  }

  // The end of one slate and a clean sheet for the next.
  function close() {
    request?.abort();
    override();
    leave();
    look(false);
    clearTimeout(typed);
    observer.disconnect();
    watched.clear();
    seenMs = hasLeft = typed = 0;
  }

  const observer = new IntersectionObserver((entries) => {
    for (const { target, intersectionRatio } of entries) {
      const one = watched.get(target);
      if (one) one.isInView = intersectionRatio >= 0.5;
    }
    look();
  }, { threshold: 0.5 });

  // A node whose being seen is reported, with what it says: of one option, or of all.
  function watch(node, about) {
    if (watched.has(node)) return;
    watched.set(node, { about });
    observer.observe(node);
  }

  // Seen is half of it for a second without a break in a visible tab.
  function look(isVisible = isOpen() && !document.hidden) {
    const now = Math.round(performance.now());
    let isAny;
    for (const one of watched.values()) {
      if (isVisible && one.isInView) {
        isAny = 1;
        one.timer ||= setTimeout(() => {
          one.timer = -1;
          track('view', one.about);
          emit('view', one.about);
        }, 1000);
      } else if (one.timer > 0) {
        clearTimeout(one.timer);
        one.timer = 0;
      }
    }
    if (since) seenMs += now - since;
    since = isAny && now;
  }

  // Provisional: the person may come back and choose. What silence means, the server derives.
  function leave() {
    if (isOpen() && !hasLeft) track('leave');
    hasLeft = 1;
  }

  function onInput(event) {
    if (event.target !== target() || engine.query) schedule();
    else if (event.isTrusted && isOpen() && typed >= 0) {
      clearTimeout(typed);
      typed = setTimeout(override, 1500);
    }
  }

  // Own words instead of the suggestions: their length, never the words.
  function override() {
    const { length } = textOf(target());
    if (!(typed > 0) || !isOpen() || !length) return;
    clearTimeout(typed);
    typed = -1;
    track('override', { length });
  }

  // `text`: the words of the option as the person has edited them.
  function choose(index, via = 'api', text) {
    const item = items[index] ?? index;
    if (!item?.text) return;
    const { id, position } = item;
    if (!isOpen()) via = 'colleague';
    const inserts = emit('select', { item, position, via, text }, true) && attribute('insert', 'replace');
    if (id) track('select', { item: id, position });
    internals.setFormValue(JSON.stringify({ impression: engine.slate.impression, item: id, items: item.items }));
    forget();
    become('selected');
    const field = target();
    const before = textOf(field);
    text ??= item.text;
    inserted = item.text;
    if (inserts && inserts !== 'none' && field) {
      insert(field, text, inserts);
      inserted = textOf(field).replace(text, () => item.text);
    }
    engine.after?.(item, before);
  }

  function dismiss(via = 'api') {
    if (!items[0]) return;
    emit('dismiss', { via });
    if (isOpen()) track('dismiss');
    forget();
    become('dismissed');
  }

  // On submit of the target's form; a host without a form calls it when the text is sent.
  function commit(text = textOf(target())) {
    override();
    if (inserted == null) return;
    track('commit', {
      edited: text !== inserted,
      edit_ratio: +editRatio(inserted, text).toFixed(3),
      text: host.dataset.logText == null ? undefined : text,
    });
    inserted = null;
  }

  // --- live in a document

  // The whole root, since frameworks replace the element they render; an unchanged context asks nothing.
  const change = new MutationObserver(schedule);

  const on = (place, type, listener) => place.addEventListener(type, listener, { signal: life.signal, capture: true });

  function connect() {
    const root = host.getRootNode();
    life = new AbortController();
    on(root, 'input', onInput);
    on(root, 'submit', (event) => event.target.contains(target()) && commit());
    on(document, 'visibilitychange', () => {
      look();
      if (document.hidden) leave();
      else hasLeft = 0;
    });
    on(window, 'pagehide', () => {
      leave();
      engine.client?.flush(true);
    });
    on(window, 'pageshow', (event) => event.persisted && ask(true));
    change.observe(host, { attributes: true });
    change.observe(root, { childList: true, characterData: true, subtree: true });
    furnish().catch(() => {});
    layout?.connect?.(on);
    const trigger = attribute('trigger');
    if (trigger === 'focus') on(root, 'focusin', (event) => event.target === target() && arm());
    else if (trigger !== 'manual') arm();
  }

  function disconnect() {
    life.abort();
    change.disconnect();
    close();
    forget();
    isArmed = asked = 0;
    become('idle');
  }

  const engine = {
    host, internals, box, make, attribute, count, lang, strings, target, style, emit, ask, become, choose, dismiss, track, watch,
    say: (words) => Object.assign(english, words),
    dress: (node) => node, // what the person may do with one option
  };

  style(CSS);
  shadow.append(make('div', {}, box));
  Object.assign(host, { refresh: () => ask(true), select: choose, dismiss, commit });
  Object.defineProperty(host, 'context', {
    get: () => given ?? attribute('context'),
    set: (value) => {
      given = value;
      schedule();
    },
  });
  become('idle');
  return { connect, disconnect };
}
