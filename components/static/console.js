// What a script adds to the console: keys, the clock of whoever waits, news of the queue, and the claim held while
// somebody looks. Everything here presses buttons that work without it. Requests and swaps are htmx's.
const LOOK_EVERY = 2000, LOOK_SELDOM_EVERY = 15000, HOLD_EVERY = 30000
const $ = (selector) => document.querySelector(selector)
const desk = $('#desk'), help = $('#help'), keys = $('#keys')
const title = document.title
let sending = false, wished = false, heldAt = performance.now(), shownAt = performance.now()

document.documentElement.classList.add('scripted')

// Opened at #looking-on, the page takes nothing by itself: whoever looks over others' shoulders is not in their way.
const looksOn = () => document.documentElement.classList.toggle('looks-on', location.hash === '#looking-on')
window.addEventListener('hashchange', () => { looksOn(); look() })
looksOn()

// -- keys: one key, one button. Never while typing, never with a modifier, never when switched off. -----------------
const isTyping = (target) => target.closest?.('input:not([type=checkbox]), textarea, select, [contenteditable]')

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.isComposing) return
  const field = isTyping(event.target)
  if (field) {
    if (event.key === 'Escape') return field.blur()
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      if (!sending) field.form?.requestSubmit()
    }
    return
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || desk.dataset.keys === 'off') return
  if (help.open) return void (event.key === '?' && help.close())
  if (event.key === ' ' && event.target.closest?.('button, a, summary, input')) return // it presses what has the focus
  const key = CSS.escape(event.key.toLowerCase())
  const control = document.querySelector(`[data-key="${key}"], [data-also="${key}"]`)
  if (!control) return
  event.preventDefault()
  if (control.matches('textarea')) edit(control)
  else if (control.matches('summary')) openFold(control.parentElement)
  else if (!sending) control.click()
})

keys.addEventListener('change', () => {
  desk.dataset.keys = keys.checked ? 'on' : 'off'
  const here = new URL(location.href)
  keys.checked ? here.searchParams.delete('keys') : here.searchParams.set('keys', 'off')
  history.replaceState(null, '', here) // a reload keeps it; nothing is stored
})

$('#help-open').addEventListener('click', () => help.showModal())
help.addEventListener('click', (event) => event.target === help && help.close())

function edit(field) { // the first option's words, selected: the arrows edit them, what is typed takes their place
  field.value ||= $('.task-options .option-text')?.textContent ?? ''
  field.focus()
  field.select()
}

function openFold(fold) {
  fold.open = true // now, and not with its toggle event: the next key is already typed into the field
  fold.querySelector('input:not([type=hidden]), button')?.focus()
}

// -- the request on its way, and what it brought ----------------------------------------------------------------------
document.addEventListener('htmx:before:request', (event) => {
  if (event.detail.ctx.request.method !== 'GET') sending = true
})
for (const name of ['htmx:finally:request', 'htmx:after:swap', 'htmx:error'])
  document.addEventListener(name, () => { sending = false })
document.addEventListener('htmx:error', (event) => event.detail.ctx && trouble(true))
document.addEventListener('htmx:response:error', (event) => refused(event.detail.ctx.response.status))
// Whoever presses while the page itself asks presses a button that is about to be replaced: it is pressed once more.
document.addEventListener('click', (event) => {
  if (sending && event.target.closest('#arrive button')) wished = true
}, true)
document.addEventListener('htmx:after:swap', () => {
  if (wished) setTimeout(() => $('#arrive')?.requestSubmit())
  wished = false
  if (!$('#task') || $('#task').dataset.seen) return
  $('#task').dataset.seen = '1'
  shownAt = heldAt = performance.now()
  trouble(false)
  $('#asked')?.focus({ preventScroll: true }) // read out, and nothing scrolls away under the reader
  window.scrollTo({ top: 0 })
  toTheLatestTurn()
})
$('#task').dataset.seen = '1'
toTheLatestTurn()

function toTheLatestTurn() { $('.task-turns')?.scrollTo({ top: 1e6, behavior: 'instant' }) }

function trouble(is) { $('#trouble').hidden = !is }
function refused(status) {
  if (status === 401 || status === 403) $('#ended').hidden = false
  else trouble(true)
}

// -- the clock --------------------------------------------------------------------------------------------------------
setInterval(() => {
  const wait = $('[data-waited]')
  if (wait) wait.querySelector('.task-clock').textContent =
    duration(Number(wait.dataset.waited) + (performance.now() - shownAt) / 1000)
}, 1000)

function duration(seconds) {
  const whole = Math.floor(seconds), minutes = Math.floor(whole / 60), rest = whole % 60
  if (!minutes) return `${rest} s`
  if (minutes < 5) return rest ? `${minutes} min ${rest} s` : `${minutes} min`
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

// -- the queue, and holding on: told of every change while somebody looks, asked where that fails ---------------------
let timer = 0, told = null, waits = false
function listen() { // a browser has six connections to a host for all its tabs: one that nobody sees takes none
  if (document.visibilityState !== 'visible') return stopListening()
  if (told && told.readyState !== EventSource.CLOSED) return
  told = new EventSource('/console/events')
  told.addEventListener('queue', (event) => heard(JSON.parse(event.data)))
  told.addEventListener('error', look)
}

function stopListening() {
  told?.close()
  told = null
}

function nextLook() {
  const isTold = told?.readyState === EventSource.OPEN && !(waits && $('#arrive')) // what waits may yet become ours
  return isTold || document.visibilityState !== 'visible' ? LOOK_SELDOM_EVERY : LOOK_EVERY
}

async function look() {
  clearTimeout(timer)
  const visible = document.visibilityState === 'visible', task = $('.task')
  const sent = new URLSearchParams({ csrf: desk.dataset.csrf, visible: visible ? '1' : '0' })
  const holds = visible && task && performance.now() - heldAt >= HOLD_EVERY
  if (holds) {
    sent.set('review', task.dataset.review)
    sent.set('lease', task.dataset.lease)
  }
  try {
    const answer = await fetch('/console/pulse', { method: 'POST', body: sent, signal: AbortSignal.timeout(8000) })
    if (answer.ok) heard(await answer.json(), holds && task)
    else refused(answer.status)
  } catch {
    trouble(true)
  }
  listen()
  clearTimeout(timer)
  timer = setTimeout(look, nextLook())
}

function heard(queue, asked) {
  trouble(false)
  waits = queue.waiting > 0
  const words = $('#queue-words')
  if (words.textContent !== queue.words) words.textContent = queue.words
  $('#queue-dot').className = `dot ${queue.waiting ? 'dot-busy' : 'dot-idle'}`
  document.title = queue.waiting ? `(${queue.waiting}) ${title}` : title
  if (asked && queue.held) heldAt = performance.now()
  if (asked && queue.held === false && asked.isConnected && !sending) lost()
  else if (queue.waiting && !looksOn() && $('#arrive') && document.visibilityState === 'visible' && !sending) arrive()
}

function lost() {
  const form = $('#lost')
  form.elements.draft.value = $('#write')?.value ?? '' // comes back with the news, so that nothing written is lost
  form.requestSubmit()
}

function arrive() {
  const again = $('#arrive').elements.again
  if (again) again.disabled = true // what was put back stays away; only something new comes by itself
  $('#arrive').requestSubmit()
  if (again) again.disabled = false
}

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') heldAt = -HOLD_EVERY // time may have passed asleep: ask at once
  listen()
  look()
})
window.addEventListener('online', look)
window.addEventListener('pagehide', stopListening)
window.addEventListener('pageshow', (event) => event.persisted && look())
look()
