// The colleague's pane: the console in a frame, signed in, and the switch that says who answers.

import { byId, post } from './demo-kit.js';

export function openColleague() {
  const [mine, text, frame] = ['mine', 'duty-text', 'console'].map(byId);
  let isChanging = false;
  let isMine = false;

  // While the automatic colleagues answer, the console looks on: it must not take what they are about to take.
  const at = (address) => `${address}#${isMine ? 'taking' : 'looking-on'}`;

  mine.addEventListener('change', async () => {
    isChanging = true;
    try {
      show((await post('/api/colleagues', { automatic: !mine.checked })).colleagues);
    } catch {
      mine.checked = !mine.checked;
    }
    isChanging = false;
  });

  function show(shift) {
    if (!shift) return;
    mine.checked = !shift.automatic;
    if (isMine === shift.automatic) {
      isMine = !isMine;
      if (!frame.hidden) frame.src = at(`${frame.dataset.service}/console`); // a fragment: nothing is loaded again
    }
    const words = !shift.automatic ? `The automatic colleagues pause: ${shift.why}.`
      : shift.holding ? 'A colleague is answering…'
        : `Two automatic colleagues answer.${shift.answered ? ` ${shift.answered} answered so far.` : ''}`;
    if (text.textContent !== words) text.textContent = words;
  }

  return {
    async start(run) {
      mine.disabled = false;
      try {
        // A link signs in once; after a reload this browser is signed in already. A fragment of the link itself would
        // be gone with the page that it leads through.
        const isSignedIn = sessionStorage.getItem('run') === run;
        frame.src = isSignedIn ? at(`${frame.dataset.service}/console`)
          : `${(await post('/api/console')).url}&next=${encodeURIComponent(at('/console'))}`;
        sessionStorage.setItem('run', run);
        frame.hidden = false;
        byId('console-wait').hidden = true;
      } catch (error) {
        byId('console-wait').querySelector('p').textContent = error.message;
      }
    },
    look(state) {
      if (!isChanging) show(state.colleagues);
    },
  };
}
