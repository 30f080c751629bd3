// The wait for a colleague's answer: loaded when the service has asked one.

import CSS from './wait.css';

const ENGLISH = {
  waiting: 'Asking a colleague… about {t}',
  claimed: 'A colleague is answering…',
  colleague: 'From a colleague',
  none: 'No ready answer was found.',
  expired: 'No colleague was free in time.',
};

export default (engine, escalation) => {
  const { slate, strings, lang, become, emit, host, box, make } = engine;
  let told = make('i'); // what is seen of it; to hear there is the status. New each time, so that nothing moves
  const asking = { ...escalation };
  let stop;
  let isOver;
  engine.say(ENGLISH);
  engine.style(CSS);

  // The answer, or the wait for it: a "thanks" in between must not lose it.
  function resume() {
    const { answer, message, expected_wait_s: wait, state } = asking;
    const words = strings();
    engine.slate = slate;
    told.remove();
    if (answer && !answer.none) {
      const item = answer.item?.id ? answer.item : { id: answer.item };
      const known = slate.items.find(({ id }) => id === item.id);
      const text = answer.item_text || answer.text || item.id;
      become('answered', [{ text, ...known, ...item, from: words.colleague }]);
    } else {
      const minutes = wait && new Intl.NumberFormat(lang(), { style: 'unit', unit: 'minute' }).format(Math.ceil(wait / 60));
      const text = words[answer ? 'none' : state] ?? '';
      become(answer ? 'none' : state, [], message ?? (minutes ? text.replace('{t}', minutes) : text.replace(/….*/, '…')));
      told = make('div', { part: /waiting|claimed/.test(state) ? 'told live' : 'told', ariaHidden: 'true', textContent: box.lastChild.textContent });
      if (told.textContent) box.lastChild.before(told);
    }
    return 1;
  }

  function hear(news) {
    if (isOver) return;
    const isNew = news.state !== asking.state;
    Object.assign(asking, news);
    if (stop == null || host.state !== 'loading') resume(); // a new request draws for itself
    if (isNew) emit('escalate', news);
  }

  asking.state = '';
  hear({ state: 'waiting' });
  stop = engine.client.follow(escalation, hear);
  return {
    resume,
    stop() {
      isOver = 1;
      told.remove();
      stop();
    },
  };
};
