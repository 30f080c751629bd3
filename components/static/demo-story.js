// The guided story: which step is next, which are done. A visitor may do them in any order.

import { byId } from './demo-kit.js';

export function openStory(end) {
  const steps = [...document.querySelectorAll('.story-step')];
  const next = byId('next');

  function show() {
    const first = steps.find((step) => !step.classList.contains('is-done'));
    for (const step of steps) {
      if (step === first) step.setAttribute('aria-current', 'step');
      else step.removeAttribute('aria-current');
    }
    const text = first?.dataset.hint ?? end;
    if (next.textContent !== text) next.textContent = text;
    for (const button of document.querySelectorAll('.prepared-number')) {
      button.closest('button').classList.toggle('is-next', isNext(button, first));
    }
  }

  const isNext = (number, step) => {
    const wanted = { ask: '1', again: '2', colleague: '3', thanks: '4' }[step?.dataset.step];
    return number.textContent === wanted;
  };

  show();
  return {
    tick(key) {
      const step = steps.find((each) => each.dataset.step === key);
      if (!step || step.classList.contains('is-done')) return;
      step.classList.add('is-done');
      step.querySelector('.story-done').textContent = ' (done)';
      show();
    },
    isDone: (key) => steps.some((step) => step.dataset.step === key && step.classList.contains('is-done')),
  };
}
