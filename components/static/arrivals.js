// What a script adds to the page of arrivals: the list grows by itself. The stream says items as HTML of our own server,
// which escaped them. Nothing is kept here: a reload asks the server, which remembers.
const $ = (id) => document.getElementById(id)
const events = $('events'), list = $('arrivals'), state = $('events-state'), pause = $('events-pause')
const AGAIN_AFTER = 3000
let mark = events.dataset.mark, held = [], isPaused = false, source

document.documentElement.classList.add('scripted')

function say(text, tone) {
  if (isPaused && tone === 'good') [text, tone] = [`Paused: ${held.length} waiting`, 'warn']
  if (state.textContent !== text) state.textContent = text
  state.className = `badge tone-${tone}`
}

function show(html) {
  list.insertAdjacentHTML('afterbegin', html)
  while (list.children.length > events.dataset.most) list.lastElementChild.remove()
}

function connect() {
  say('Connecting', 'neutral')
  const address = new URL(events.dataset.stream, location.href)
  address.searchParams.set('after', mark)
  source = new EventSource(address)
  source.addEventListener('open', () => say('Live', 'good'))
  source.addEventListener('arrivals', (event) => {
    mark = event.lastEventId
    if (isPaused) held.push(event.data)
    else show(event.data)
    say('Live', 'good')
  })
  source.addEventListener('error', lost)
}

// The browser tries again by itself, except where it was answered with an error: then we find out which.
async function lost() {
  say('Disconnected: trying again', 'warn')
  if (source.readyState !== EventSource.CLOSED) return
  const answer = await fetch(events.dataset.stream, { method: 'HEAD' }).catch(() => null)
  if (answer?.status === 401 || answer?.status === 403) say('Signed out: sign in again', 'bad')
  else setTimeout(connect, AGAIN_AFTER)
}

pause.addEventListener('click', () => {
  isPaused = !isPaused
  pause.textContent = isPaused ? 'Go on' : 'Pause'
  if (!isPaused) for (const html of held.splice(0)) show(html)
  if (source.readyState === EventSource.OPEN) say('Live', 'good')
})

window.addEventListener('pagehide', () => source.close())
window.addEventListener('pageshow', (event) => event.persisted && connect())
connect()
