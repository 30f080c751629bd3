// Joins the widget in this frame to the page that holds it, by messages between two named origins and nothing else.
//
// The host says   { type: 'suggest-context', context }   { type: 'suggest-commit', text }   { type: 'suggest-dismiss' }
// The frame says  { type: 'suggest-ready' }  { type: 'suggest-resize', height }  and, as 'suggest-show', 'suggest-select',
// 'suggest-dismiss', 'suggest-empty', 'suggest-error' and 'suggest-escalate', what the element says, with its `detail`.

const host = document.querySelector('meta[name="suggest-host"]').content;
const box = document.querySelector('suggest-box');
const tell = (type, more) => parent.postMessage({ type, ...more }, host);

addEventListener('message', ({ origin, source, data }) => {
  if (origin !== host || source !== parent || typeof data !== 'object') return;
  if (data?.type === 'suggest-context') box.context = data.context;
  if (data?.type === 'suggest-commit') box.commit?.(data.text);
  if (data?.type === 'suggest-dismiss') box.dismiss?.();
});
for (const name of ['show', 'select', 'dismiss', 'empty', 'error', 'escalate']) {
  box.addEventListener(`suggest-${name}`, ({ detail }) => tell(`suggest-${name}`, { detail: JSON.parse(JSON.stringify(detail)) }));
}
new ResizeObserver(() => tell('suggest-resize', { height: document.documentElement.offsetHeight })).observe(document.body);
customElements.whenDefined('suggest-box').then(() => tell('suggest-ready'));
