// Under the chips: the probability, the decision and why, what was logged, what was learned and how long ago.

import { byId, percent } from './demo-kit.js';

const TONES = { show: 'good', escalate: 'accent', abstain: 'neutral', auto: 'good' };
const TEACHES = new Set(['select', 'dismiss', 'override']);
const ORDINALS = ['1st', '2nd', '3rd'];

export function openStrip() {
  const picks = new Map(); // reply -> where it stood when it was first chosen
  let line = null; // the threshold in force
  let slate = null;
  let learnedAt = 0;
  let hasPicked = false;
  let isAgain = false;
  let kinds = []; // what was logged of this slate

  const set = (id, text) => {
    if (byId(id).textContent !== text) byId(id).textContent = text;
  };

  function learned(words) {
    learnedAt = performance.now();
    set('learned-text', words);
    byId('learned').hidden = false;
    tick();
  }

  function tick() {
    if (!learnedAt) return;
    const seconds = (performance.now() - learnedAt) / 1000;
    set('learned-ago', seconds < 10 ? `${seconds.toFixed(1)} s ago` : seconds < 90 ? `${Math.round(seconds)} s ago` : `${Math.round(seconds / 60)} min ago`);
  }

  setInterval(tick, 100);

  // What the service expects, in words no finer than the guess is.
  const waits = (s) => (s == null ? '' : `; expected wait ${s < 90 ? `${Math.max(5, Math.round(s / 5) * 5)} s` : `${Math.round(s / 60)} min`}`);

  function why({ decision, reason, p_any: p, expected_wait_s: wait }) {
    const stands = line == null ? percent(p) : `${p.toFixed(2)} against a line at ${line.toFixed(2)}`;
    if (reason === 'needs-no-answer') return 'The message waits for no answer, so nobody is bothered.';
    if (reason === 'degraded') return 'The service was busy, so it ranked by words alone.';
    if (decision === 'escalate') return `p_any is ${stands}: too unsure to show, so a person is asked${waits(wait)}.`;
    if (decision === 'abstain') return `p_any is ${stands}: nothing here is worth showing.`;
    return `p_any is ${stands}: one of these is probably right.`;
  }

  function decided(detail) {
    slate = detail;
    set('p-any', detail.p_any.toFixed(2));
    byId('p-any-fill').setAttribute('width', (100 * detail.p_any).toFixed(1));
    byId('p-any-line').setAttribute('x', line == null ? -5 : (100 * line).toFixed(1));
    const badge = byId('decision');
    badge.className = `badge tone-${TONES[detail.decision] ?? 'neutral'}`;
    badge.textContent = detail.decision;
    set('why', why(detail));
    compare(detail);
  }

  // A reply that was chosen before: where it stood then, where it stands now.
  function compare({ items, decision }) {
    isAgain = false;
    byId('moved').hidden = true;
    if (decision !== 'show') return;
    for (const { id, text, position } of items) {
      const before = picks.get(id);
      if (before === undefined) continue;
      isAgain = true;
      const words = text.length > 46 ? `${text.slice(0, 45).trimEnd()}…` : text;
      const moved = position === before ? `still ${ORDINALS[position]}` : `${ORDINALS[before] ?? before + 1} before, ${ORDINALS[position] ?? position + 1} now`;
      set('moved', `“${words}”: ${moved}.`);
      byId('moved').hidden = false;
      return;
    }
  }

  return {
    decided,
    isAgain: () => isAgain,
    picked: () => hasPicked,
    asked() {
      kinds = ['slate'];
      slate = null;
      hasPicked = isAgain = false;
      set('logged', 'slate');
    },
    escalated(detail) {
      decided({ ...detail, decision: 'escalate' });
      if (detail.state === 'answered') {
        kinds.push('verdict');
        set('logged', kinds.join(', '));
        learned('Learned from a colleague');
      }
    },
    chose({ item, position, via }) {
      hasPicked = true;
      if (via !== 'colleague' && !picks.has(item.id)) picks.set(item.id, position);
    },
    logged({ accepted, events, rejected = [] }) {
      if (!accepted) return;
      const refused = new Set(rejected.map((each) => each.eid));
      const kept = events.filter((event) => !refused.has(event.eid));
      for (const { impression, type } of kept) {
        if (impression === slate?.impression && !kinds.includes(type)) kinds.push(type);
      }
      set('logged', kinds.join(', '));
      if (kept.some((event) => TEACHES.has(event.type))) learned('Learned from you');
    },
    failed({ problem }) {
      byId('decision').className = 'badge tone-warn';
      set('decision', 'no answer');
      set('why', problem.detail || 'The service did not answer; the reply box works as ever.');
    },
    look(state) {
      line = state.line ?? line;
    },
  };
}
