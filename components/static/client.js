/**
 * The headless client: suggestions, delivered feedback and the live answer of a colleague, for hosts with a design
 * system of their own. <suggest-box> is built on it. Types: suggest-box.d.ts
 *
 *   import { createClient } from 'https://host/embed/v1/client.js';
 *   const client = createClient({ siteKey: 'pk_…' });
 *   const slate = await client.suggest({ surface: 'replies', context: { text } });
 *   client.track(slate, 'select', { item: slate.items[0].id, position: 0 });
 */

const undelivered = new Set(); // the flush of every client that holds events
addEventListener('online', () => undelivered.forEach((flush) => flush()));
addEventListener('pagehide', () => undelivered.forEach((flush) => flush(true)));

export function createClient({ siteKey, endpoint = import.meta.url.replace(/embed\/v1\/.*/, ''), timeout = 4000, learn = true, onReceipt }) {
  let queue = [];
  let isSending = false;
  let failures = 0;
  let retry;

  // Under the endpoint, wherever a proxy has mounted it.
  const url = (path) => new URL(path.slice(1), new URL(endpoint, document.baseURI).href.replace(/\/*$/, '/'));
  const address = (call) => url(`/v1/${call}?key=${siteKey}`);

  // A string body goes as text/plain and no header is ours: the browser asks no preflight.
  const post = (call, body, options) => fetch(address(call), {
    method: 'POST',
    body: JSON.stringify(body),
    credentials: 'omit',
    referrerPolicy: 'origin',
    ...options,
  });

  // Of requests that outlive their page a browser carries 64 kB at once; what is more goes as any request.
  const deliver = (events) => post('feedback', { events }, { keepalive: true }).catch(() => post('feedback', { events }));

  /** Rejects with an Error that carries `problem` (RFC 9457), or with a TimeoutError, an AbortError or a TypeError. */
  async function suggest(request, signal) {
    const late = AbortSignal.timeout(timeout);
    const answer = await post('suggest', learn ? request : { ...request, learn }, {
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    const body = await answer.json();
    if (!answer.ok) throw Object.assign(Error(body.detail), { problem: body });
    return body;
  }

  /** Queue an event about a slate; delivery, retries and the last beacon are the client's. Never throws. */
  function track({ impression, token }, type, extra) {
    if (!learn) return;
    const eid = crypto.getRandomValues(new Uint32Array(4)).join('-'); // randomUUID is missing on plain-http intranets
    queue.push({ eid, impression, token, type, at: new Date(), ...extra });
    queue = queue.slice(-1000);
    undelivered.add(flush);
    queueMicrotask(() => retry || flush());
  }

  /** Send what waits. An event leaves the queue when the service has answered; its `eid` makes a repeat harmless. */
  async function flush(isLeaving) {
    if (!queue[0] || !navigator.onLine) return;
    if (isLeaving) {
      queue.sort((a, b) => (a.type > 't') - (b.type > 't')); // views last
      while (queue[0]) {
        const events = queue.splice(0, 32);
        deliver(events).catch(() => queue.unshift(...events));
      }
      return;
    }
    if (isSending) return;
    retry = clearTimeout(retry);
    isSending = true;
    const events = queue.splice(0, 32);
    try {
      const answer = await deliver(events);
      if (answer.status > 428) throw answer; // too many, or out of order
      failures = 0;
      onReceipt?.({ ...await answer.json().catch(() => {}), events });
    } catch {
      queue.unshift(...events);
      retry = setTimeout(flush, Math.min(60, 2 ** failures++) * 500 * (1 + Math.random()));
    }
    isSending = false;
    if (!queue[0]) undelivered.delete(flush);
    else if (!retry) flush();
  }

  /**
   * Call `onState` with every state of an escalation, the current one first, until a final one; returns a function
   * that stops. The browser reconnects a broken stream by itself; a refused one is `lost`.
   */
  function follow(escalation, onState) {
    const source = new EventSource(url(escalation.url));
    source.addEventListener('state', ({ data }) => {
      const state = JSON.parse(data);
      if (/answered|expired/.test(state.state)) source.close();
      onState(state);
    });
    source.onerror = () => source.readyState > 1 && onState({ state: 'lost' });
    return () => source.close();
  }

  return { suggest, track, flush, follow };
}
