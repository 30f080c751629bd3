// The few helpers the demonstration's scripts share. Text is always set as text, never as markup.

export const byId = (id) => document.getElementById(id);

const SVG = 'http://www.w3.org/2000/svg';

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function draw(tag, attributes = {}, text = '') {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text) node.textContent = text;
  return node;
}

/** Ask the page's own server; an answer that is not a success is thrown with what it said. */
export async function ask(path, options = {}) {
  const answer = await fetch(path, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? `The page's server answered ${answer.status}.`);
  return body;
}

export const post = (path, body = {}) => ask(path, { method: 'POST', body: JSON.stringify(body) });

export const percent = (share) => (share == null ? '–' : `${Math.round(share * 100)}%`);

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));
