// The field a suggestion goes into: a textarea, an input, a contenteditable, or anything with a `value`.

export const textOf = (target) => target?.value ?? target?.textContent ?? '';

/** Put `text` into `target`; mode is replace, append or caret. insertText keeps the person's undo. */
export function insert(target, text, mode) {
  const isField = 'value' in target;
  const before = mode === 'replace' ? '' : textOf(target);
  if (mode === 'append' && /\S$/.test(before)) text = ' ' + text;
  target.focus();
  if (mode !== 'caret') {
    if (!isField) {
      getSelection().selectAllChildren(target);
      if (before) getSelection().collapseToEnd();
    } else if (target.selectionEnd == null) target.select?.(); // email and number fields have no range
    else target.setSelectionRange(before.length, 1e9);
  }
  if (target.matches(':focus-within') && document.execCommand('insertText', false, text)) return;
  write(target, before + text, text);
}

/** Without focus and without undo. The prototype's setter, past a framework's own property on the element. */
export function write(target, whole, text) {
  Reflect.set(Object.getPrototypeOf(target), 'value' in target ? 'value' : 'textContent', whole, target);
  target.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true, inputType: 'insertText', data: text }));
}

/** Share of the longer text outside the common head and tail: 0 is untouched, 1 is rewritten; one edit counts exactly. */
export function editRatio(a, b) {
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  let tail = 0;
  while (head < shorter && a[head] === b[head]) head++;
  while (tail < shorter - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  return 1 - (head + tail) / (Math.max(a.length, b.length) || 1);
}
