// What a script adds to the administration: a slider tied to its number, copying, and a question before what is hard to
// take back. Previews and progress are htmx's, named on the elements themselves.
document.documentElement.classList.add('scripted')

for (const range of document.querySelectorAll('[data-moves]')) {
  const number = document.getElementById(range.dataset.moves)
  const say = () => range.setAttribute('aria-valuetext', `${number.value} ${range.dataset.unit}`)
  range.addEventListener('input', () => { number.value = range.value; say() })
  number.addEventListener('input', () => { range.value = number.value; say() })
  say()
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copies]')
  if (!button) return
  const source = document.querySelector(button.dataset.copies), before = button.textContent
  try {
    await navigator.clipboard.writeText(source.textContent)
    button.textContent = 'Copied'
  } catch {
    getSelection().selectAllChildren(source) // no clipboard here: it is selected, so that one key copies it
    button.textContent = 'Selected'
  }
  setTimeout(() => { button.textContent = before }, 1500)
})

document.addEventListener('submit', (event) => {
  const question = event.submitter?.dataset.sure
  if (question && !confirm(question)) event.preventDefault()
}, true)
