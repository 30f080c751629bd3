// The layout of smart replies: a row of chips, one tab stop with arrows.

export const chips = ({ host, box, make, count, target, choose, dismiss, watch, dress }) => {
  const bar = make('div', { part: 'bar', role: 'toolbar', onkeydown: onKey });
  box.prepend(bar);

  function draw(state, items, words, label) {
    const isLoading = state === 'loading';
    bar.hidden = !isLoading && !items[0];
    bar.ariaBusy = isLoading;
    bar.ariaLabel = label;
    box.style.setProperty('--k', count());
    bar.replaceChildren(...items.map((item, index) => dress(make('button', {
      part: 'chip',
      title: item.text[60] ? item.text : '',
      onclick: ({ detail }) => choose(index, detail ? 'click' : 'keyboard'),
    }, item.from ? make('b', { part: 'from', textContent: item.from }) : '',
    make('span', { part: 'text', dir: 'auto', textContent: item.text })), item, index)));
    if (isLoading) for (let i = count(); i--;) bar.append(make('div', { part: 'skeleton' }));
    else if (items[0]) bar.append(make('button', { part: 'dismiss', ariaLabel: words.dismiss, onclick: () => dismiss('button') }));
    buttons().forEach((button, index) => button.tabIndex = index && -1);
    watch(bar);
  }

  const buttons = () => [...bar.querySelectorAll('button')];

  function onKey(event) {
    const { key, target: from } = event;
    const all = buttons();
    const at = all.indexOf(from);
    const ahead = getComputedStyle(host).direction === 'rtl' ? -1 : 1;
    const to = { ArrowRight: at + ahead, ArrowLeft: at - ahead, ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[key];
    if (key === 'Escape') dismiss('escape');
    else if (to == null) return;
    else {
      from.tabIndex = -1;
      const next = all.at(to % all.length);
      next.tabIndex = 0;
      next.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  }

  return { draw };
};
