// 500 simulated customers: start them, and draw their curve as they come.

import { ask, byId, draw, make, pause, percent, post } from './demo-kit.js';

const EVERY_MS = 500;
const PLOT = { width: 640, height: 320, left: 48, right: 16, top: 14, bottom: 40 };
const SERIES = [['top_3', 'second', ''], ['top_1', 'selected', ''], ['taken', 'third', ' line-dashed']];

export function openSimulation() {
  const button = byId('simulate-start');
  const bar = byId('simulate-bar');
  const note = byId('simulate-note');
  const values = document.querySelectorAll('#simulate .stat-value');

  const set = (node, text) => node.textContent !== text && (node.textContent = text);

  function show({ state, n, points, detail }) {
    const last = points.at(-1);
    bar.hidden = state !== 'running';
    bar.max = n;
    bar.value = last?.n ?? 0;
    button.disabled = state === 'running';
    button.textContent = state === 'idle' ? `Simulate ${n} customers` : state === 'running' ? `${last?.n ?? 0} of ${n}` : `Simulate ${n} more, afresh`;
    set(note, state === 'done' || state === 'failed' ? detail : '');
    if (!last) return;
    const first = points.find((point) => point.n >= 50) ?? points[0];
    ['top_1', 'top_3', 'taken'].forEach((name, i) => {
      set(values[i], percent(last[name]));
      values[i].classList.remove('stat-none');
      set(values[i].closest('.stat').querySelector('.stat-note'), `${percent(first[name])} after the first ${first.n}`);
    });
    byId('simulate-chart').replaceChildren(chart(points, n));
    byId('simulate-rows').replaceChildren(...points.filter((point) => point.n % 50 === 0).map((point) => make('tr', {},
      make('th', { scope: 'row' }, String(point.n)),
      ...SERIES.map(([name]) => make('td', { class: 'number' }, percent(point[name]))))));
  }

  async function watch() {
    for (;;) {
      const run = await ask('/api/simulation').catch(() => null);
      if (run) show(run);
      if (run && run.state !== 'running') return;
      await pause(EVERY_MS);
    }
  }

  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      show(await post('/api/simulation'));
      await watch();
    } catch (error) {
      set(note, error.message);
      button.disabled = false;
    }
  });

  return {
    start() {
      button.disabled = false;
      watch();
    },
  };
}

function chart(points, n) {
  const { width, height, left, right, top, bottom } = PLOT;
  const x = (customers) => left + (width - left - right) * (customers / n);
  const y = (share) => height - bottom - (height - top - bottom) * share;
  const last = points.at(-1);
  const said = `After ${last.n} customers: right one first ${percent(last.top_1)}, in the top 3 ${percent(last.top_3)}, took one ${percent(last.taken)}.`;
  const svg = draw('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': said });
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(
      draw('line', { class: share ? 'gridline' : 'baseline', x1: left, x2: width - right, y1: y(share), y2: y(share) }),
      draw('text', { class: 'end', x: left - 8, y: y(share) + 4 }, percent(share)),
    );
  }
  for (let customers = 0; customers <= n; customers += n / 5) {
    svg.append(draw('text', { class: 'middle', x: x(customers), y: height - bottom + 18 }, String(customers)));
  }
  svg.append(draw('text', { class: 'axis-name end', x: width - right, y: height - 4 }, 'customers'));
  points.slice(1).forEach((point, i) => {
    if (point.model === points[i].model) return;
    const at = x(point.n);
    svg.append(
      draw('line', { class: 'reference', x1: at, x2: at, y1: top, y2: height - bottom }),
      draw('text', { class: 'reference-name', x: at + 5, y: height - bottom - 8 }, 'retrained'),
    );
  });
  for (const [name, tone, dashes] of SERIES) {
    const known = points.filter((point) => point[name] != null);
    const group = draw('g', { class: `tone-${tone}` });
    group.append(
      draw('path', { class: `line${dashes}`, d: `M${known.map((point) => `${x(point.n).toFixed(1)} ${y(point[name]).toFixed(1)}`).join('L')}` }),
    );
    const end = known.at(-1);
    if (end) group.append(draw('circle', { class: 'dot', cx: x(end.n), cy: y(end[name]), r: 4 }));
    svg.append(group);
  }
  return svg;
}
