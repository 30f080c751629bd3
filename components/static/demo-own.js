// A visitor's own table: choose it, choose two columns, wait a little, try it, take the snippet home.

import { ask, byId, make, pause, post } from './demo-kit.js';

const EVERY_MS = 300;
const LARGEST_FILE = 8 * 1024 * 1024;

export function openOwn() {
  const [drop, file, error, columns, work, result] = ['own-drop', 'own-file', 'own-error', 'own-columns', 'own-work', 'own-try'].map(byId);
  const sample = byId('own-sample');
  let table = null;

  function complain(text) {
    error.textContent = text;
    error.hidden = !text;
  }

  async function read(name, content) {
    complain('');
    if (content.size > LARGEST_FILE) return complain('The file is larger than 8 MB; export fewer rows, a few thousand teach a lot.');
    try {
      table = await ask(`/api/tables?name=${encodeURIComponent(name)}`, { method: 'POST', body: content });
      offer(table);
    } catch (problem) {
      columns.hidden = true;
      complain(problem.message);
    }
  }

  function offer({ name, columns: names, rows, n_rows: n, message, answer, problems, n_problems: nProblems }) {
    byId('own-name').textContent = name;
    byId('own-count').textContent = `${n.toLocaleString('en')} rows`;
    for (const [id, chosen] of [['own-message', message], ['own-answer', answer]]) {
      byId(id).replaceChildren(...names.map((each, i) => make('option', { value: i }, each)));
      byId(id).value = chosen;
    }
    byId('own-head').replaceChildren(...names.map((each) => make('th', { scope: 'col' }, each)));
    byId('own-rows').replaceChildren(...rows.map((cells) => make('tr', {}, ...cells.map((cell) => make('td', {}, cell)))));
    tell(problems, nProblems);
    columns.hidden = false;
    work.hidden = true;
    mark();
  }

  // The two chosen columns, seen in the preview.
  function mark() {
    const chosen = new Set([byId('own-message').value, byId('own-answer').value].map(Number));
    for (const row of byId('own-preview').querySelectorAll('tr')) {
      [...row.children].forEach((cell, i) => cell.classList.toggle('is-chosen', chosen.has(i)));
    }
  }

  function tell(problems, n) {
    byId('own-problems').hidden = !n;
    byId('own-problems-title').textContent = n === 1 ? '1 line left out' : `${n.toLocaleString('en')} lines left out`;
    byId('own-problem-list').replaceChildren(...problems.map(({ line, text }) => make('p', { class: 'fine soft' }, `Line ${line}: ${text}`)));
    if (n > problems.length) byId('own-problem-list').append(make('p', { class: 'fine quiet' }, `and ${n - problems.length} more`));
  }

  async function build(event) {
    event.preventDefault();
    complain('');
    byId('own-start').disabled = true;
    try {
      let state = await post('/api/own', { table: table.table, message: +byId('own-message').value, answer: +byId('own-answer').value });
      work.hidden = false;
      while (state.state === 'running') {
        byId('own-work-text').textContent = state.total ? `Learning from your table: ${state.done} of ${state.total}` : 'Reading your table';
        byId('own-bar').value = state.total ? (100 * state.done) / state.total : 0;
        await pause(EVERY_MS);
        state = await ask('/api/own');
      }
      if (state.state === 'failed') throw new Error(state.detail);
      tell(state.problems, state.n_problems);
      show(state.own);
    } catch (problem) {
      complain(problem.message);
    }
    work.hidden = true;
    byId('own-start').disabled = false;
  }

  function show(own) {
    byId('own-empty').hidden = true;
    columns.hidden = true;
    result.hidden = false;
    byId('own-made').textContent = `${own.n_answers.toLocaleString('en')} answers, ${own.n_messages.toLocaleString('en')} messages`;
    byId('own-snippet').firstChild.textContent = own.snippet;
    const box = make('suggest-box', {
      'site-key': own.site_key, surface: own.surface, for: 'own-reply', 'context-from': '#own-ask', debounce: 350, label: 'Suggestions from your data',
    });
    box.addEventListener('suggest-show', ({ detail }) => explain(`p_any ${detail.p_any.toFixed(2)}: shown.`));
    box.addEventListener('suggest-empty', () => explain('Nothing to suggest for this one.'));
    box.addEventListener('suggest-escalate', ({ detail }) => explain(detail.state === 'answered' ? 'A colleague answered.'
      : `p_any ${detail.p_any.toFixed(2)}: unsure, so the colleague's console above is asked. Answer it there.`));
    forget();
    byId('own-ask').value = own.example;
    byId('own-box').replaceChildren(box);
    result.scrollIntoView({ block: 'nearest' });
  }

  const explain = (text) => {
    byId('own-why').textContent = text;
  };

  // The backtest of the table that was taken: one run at a time, and each end of it is said.
  function forget() {
    for (const id of ['own-backtest-work', 'own-backtest-said', 'own-backtest-done']) byId(id).hidden = true;
    byId('own-backtest-start').disabled = false;
  }

  async function backtest() {
    forget();
    byId('own-backtest-start').disabled = true;
    try {
      let state = await post('/api/backtest', {});
      byId('own-backtest-work').hidden = false;
      while (state.state === 'running') {
        byId('own-backtest-text').textContent = `Running: ${state.doing}`;
        byId('own-backtest-bar').value = 100 * state.share;
        await pause(EVERY_MS);
        state = await ask('/api/backtest');
      }
      byId('own-backtest-work').hidden = true;
      if (state.state === 'too-little') throw new Error(`Too little to judge: ${state.detail}`);
      if (state.state !== 'done') throw new Error(`The backtest has failed: ${state.detail || 'it was replaced'}. Run it again.`);
      byId('own-backtest-open').href = state.page;
      byId('own-backtest-save').href = state.page;
      byId('own-backtest-done').hidden = false;
    } catch (problem) {
      byId('own-backtest-work').hidden = true;
      byId('own-backtest-said').textContent = problem.message;
      byId('own-backtest-said').hidden = false;
    }
    byId('own-backtest-start').disabled = false;
  }

  byId('own-backtest-start').addEventListener('click', backtest);
  file.addEventListener('change', () => file.files[0] && read(file.files[0].name, file.files[0]));
  for (const name of ['dragover', 'dragleave', 'drop']) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle('is-over', name === 'dragover');
      if (name === 'drop' && !file.disabled && event.dataTransfer.files[0]) read(event.dataTransfer.files[0].name, event.dataTransfer.files[0]);
    });
  }
  sample?.addEventListener('click', async () => {
    const answer = await fetch('/examples/tickets.csv');
    read('tickets.csv', await answer.blob());
  });
  for (const id of ['own-message', 'own-answer']) byId(id).addEventListener('change', mark);
  byId('own-form').addEventListener('submit', build);
  byId('own-copy').addEventListener('click', async () => {
    await navigator.clipboard.writeText(byId('own-snippet').textContent);
    byId('own-copied').textContent = 'Copied.';
  });

  return {
    start() {
      file.disabled = false;
      if (sample) sample.disabled = false;
    },
  };
}
