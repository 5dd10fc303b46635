// The page that the customer sees while waiting: it asks the shop for the order's status, and shows it without a reload.
// It asks only the shop: nothing from a browser may decide whether an order is paid.

const outcome = document.getElementById('outcome')
const clock = document.getElementById('clock')
const cancel = document.getElementById('cancel')
const trouble = document.getElementById('trouble')

const EVERY = 1000
/** For an order with an unknown outcome: a person or a late callback will settle it. */
const EVERY_FEW_SECONDS = 5000

const { url, lifetime } = outcome.dataset
let endsAt = performance.now() + Number(outcome.dataset.seconds) * 1000
let failures = 0
let timer

function show({ status, title, text, seconds_left: secondsLeft, is_open: isOpen }) {
  endsAt = performance.now() + secondsLeft * 1000
  if (outcome.dataset.status !== status) {
    outcome.dataset.status = status
    document.getElementById('title').textContent = title
    document.getElementById('text').textContent = text
    document.title = `${title} · Skemman`
  }
  if (isOpen) later(status === 'unknown' ? EVERY_FEW_SECONDS : EVERY)
}

async function ask() {
  try {
    const response = await fetch(url, { headers: { Accept: 'application/json' }, cache: 'no-store' })
    if (!response.ok) throw new Error(`the shop answered ${response.status}`)
    const order = await response.json()
    failures = 0
    say('')
    show(order)
  } catch {
    failures += 1
    if (failures > 2) say('We cannot reach the shop. Your payment is safe: this page continues as soon as it can.')
    later(Math.min(10_000, EVERY * 2 ** failures))
  }
}

function later(ms) {
  clearTimeout(timer)
  timer = setTimeout(ask, ms)
}

function say(what) {
  trouble.textContent = what
  trouble.hidden = what === ''
}

function tick() {
  const left = Math.max(0, Math.round((endsAt - performance.now()) / 1000))
  clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  outcome.style.setProperty('--left', Math.min(1, left / Number(lifetime)))
}

cancel.addEventListener('submit', async (event) => {
  event.preventDefault()
  const button = cancel.querySelector('button')
  button.disabled = true
  try {
    const body = new URLSearchParams(new FormData(cancel))
    // The order's status shows the result: the customer may have accepted a moment before.
    await fetch(cancel.action, { method: 'POST', body })
  } finally {
    button.disabled = false
    later(0)
  }
})

document.addEventListener('visibilitychange', () => {
  if (!document.hidden && timer !== undefined) later(0)
})

tick()
setInterval(tick, 250)
later(0)
