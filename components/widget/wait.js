// The wait for a colleague's answer: loaded when the service has asked one.

import CSS from './wait.css';

const ENGLISH = {
  waiting: 'Asking a colleague… usually {t}',
  guess: 'Asking a colleague… perhaps {t}',
  late: 'Asking a colleague… longer than usual',
  claimed: 'A colleague is answering…',
  colleague: 'From a colleague',
  none: 'No ready answer was found.',
  expired: 'No colleague was free in time.',
};

// The ends of the range, each in a unit that fits it, rounded away from each other.
function between({ low, high }, lang) {
  const units = { second: 1, minute: 60, hour: 3600 };
  const unit = (s) => s < 60 ? 'second' : s < 5400 ? 'minute' : 'hour';
  const write = (name) => new Intl.NumberFormat(lang, { style: 'unit', unit: name, unitDisplay: 'long' });
  const steps = (s, up) => {
    const name = unit(s);
    const step = name === 'second' ? 10 : 1;
    return [name, Math.max(Math[up ? 'ceil' : 'floor'](s / units[name] / step), 1) * step];
  };
  const [from, a] = steps(low);
  const [to, b] = steps(high, 1);
  if (from !== to) return `${write(from).format(a)} – ${write(to).format(b)}`;
  return a < b && write(to).formatRange?.(a, b) || write(to).format(b);
}

export default (engine, escalation) => {
  const { slate, strings, lang, become, emit, host, box, make } = engine;
  let told = make('i'); // what is seen of it; to hear there is the status. New each time, so that nothing moves
  const asking = { ...escalation };
  let stop;
  let isOver;
  let lateTimer;
  engine.say(ENGLISH);
  engine.style(CSS);

  // The answer, or the wait for it: a "thanks" in between must not lose it.
  function resume() {
    const { answer, message, expected_wait_s: wait, wait_range_s: range, late, state } = asking;
    const words = strings();
    engine.slate = slate;
    told.remove();
    if (answer && !answer.none) {
      const item = answer.item?.id ? answer.item : { id: answer.item };
      const known = slate.items.find(({ id }) => id === item.id);
      const text = answer.item_text || answer.text || item.id;
      become('answered', [{ text, ...known, ...item, from: words.colleague }]);
    } else {
      const length = range ? between(range, lang()) : wait && between({ low: wait, high: wait }, lang());
      // A guess is said as one, unless the host has words of its own for the wait.
      const isGuess = !range?.waits && !host.strings?.waiting;
      const text = words[answer ? 'none' : state !== 'waiting' ? state : late ? 'late' : isGuess ? 'guess' : state] ?? '';
      become(answer ? 'none' : state, [], message ?? (late || length ? text.replace('{t}', length) : text.replace(/….*/, '…')));
      told = make('div', { part: /waiting|claimed/.test(state) ? 'told live' : 'told', ariaHidden: 'true', textContent: box.lastChild.textContent });
      if (told.textContent) {
        box.lastChild.before(told);
        engine.lay?.(told);
      }
    }
    return 1;
  }

  function hear(news) {
    if (isOver) return;
    const isNew = news.state !== asking.state;
    // What the service does not say any more does not hold any more.
    Object.assign(asking, news.id && { message: null, wait_range_s: null, late: 0 }, news);
    clearTimeout(lateTimer);
    const { high } = asking.wait_range_s ?? {};
    if (high && asking.state === 'waiting') {
      lateTimer = setTimeout(() => hear({ ...asking, wait_range_s: null, late: 1 }), Math.min(high * 1000, 2 ** 31 - 1));
    }
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
      clearTimeout(lateTimer);
      told.remove();
      stop();
    },
  };
};
