// Five checkouts against the simulator, as a timeline. Writes their outcomes to the file it is given.
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

import { SignatureError, Simulator } from 'netgiro'

const policy = { minIntervalMs: 200, defaultIntervalMs: 200, maxIntervalMs: 200 }

function tell(who, what) {
  const seconds = (performance.now() / 1000).toFixed(2).padStart(6)
  console.log(`  ${seconds} s  ${who.padEnd(9)} ${what}`)
}

const kronur = (amount) => `${String(amount).replace(/\B(?=(\d{3})+$)/g, '.')} kr.`

const onUpdate = (state) => tell('Netgíró', `${state.status} (result code ${state.resultCode})`)

/** A shop with a customer: the client on one side, the simulator's controls on the other. */
class Shop {
  constructor(simulator) {
    this.simulator = simulator
    this.client = simulator.client()
  }

  async insert(reference, options = {}) {
    const order = { amount: 4990, reference, customerId: '822-3281', ...options }
    const cart = await this.client.insertCart(order)
    tell('shop', `asks the customer for ${kronur(cart.amount)} for ${reference}`)
    return cart
  }

  /** A customer who waits until the shop has checked twice, and then acts. */
  async customer(cart, verb, act) {
    while (this.simulator.cart(cart.transactionId).checks < 2) await pause(10)
    tell('customer', verb)
    act(cart.transactionId)
  }

  wait(cart) {
    return this.client.waitForCart(cart, { timeoutMs: 20_000, policy, onUpdate })
  }

  settle(cart) {
    tell('shop', 'settles: waits a second, then cancels')
    return this.client.settleCart(cart, { timeoutMs: 1000, policy, onUpdate })
  }
}

async function accepted(shop) {
  const cart = await shop.insert('order-1')
  const customer = shop.customer(cart, 'accepts', (id) => shop.simulator.confirm(id))
  const [state] = await Promise.all([shop.wait(cart), customer])
  return state
}

async function declined(shop) {
  const cart = await shop.insert('order-2')
  const customer = shop.customer(cart, 'declines', (id) => shop.simulator.decline(id))
  const [state] = await Promise.all([shop.wait(cart), customer])
  return state
}

async function nobodyAnswers(shop) {
  return shop.settle(await shop.insert('order-3'))
}

async function paidLate(shop) {
  const cart = await shop.insert('order-4')
  shop.simulator.addFault('CancelCart', { confirmDuring: true })
  const state = await shop.settle(cart)
  tell('shop', 'learns that the customer accepted during the cancel: paid late')
  return state
}

async function serverCallback(shop) {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    let matches = false
    try {
      const callback = shop.client.verifyCallback({ url, headers: request.rawHeaders, body })
      matches = callback.matches(4990, 'order-5')
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error
      tell('shop', `refuses a callback: ${error.message}`)
    }
    if (matches) tell('shop', 'verified the callback, recorded it, answers 200')
    response.writeHead(matches ? 200 : 400).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${server.address().port}/netgiro/callback?order=5`
  const cart = await shop.insert('order-5', { confirmationType: 'server_callback', callbackUrl: url })
  const customer = shop.customer(cart, 'accepts', (id) => shop.simulator.confirm(id))
  const [state] = await Promise.all([shop.wait(cart), customer])
  server.close()
  return state
}

const checkouts = {
  'accepted after two checks': accepted,
  declined,
  'nobody answers': nobodyAnswers,
  'accepted during the cancel': paidLate,
  'server callback': serverCallback,
}

const simulator = await Simulator.start({ checkIntervalMs: 200 })
const shop = new Shop(simulator)
const outcomes = []
for (const [checkout, play] of Object.entries(checkouts)) {
  console.log(`\n${checkout}`)
  const state = await play(shop)
  const held = simulator.cart(state.transactionId)
  outcomes.push({
    checkout,
    status: state.status,
    is_paid: state.isPaid,
    held_paid: held.isPaid,
  })
}
await shop.client.close()
await simulator.close()
await writeFile(process.argv[2], JSON.stringify(outcomes))
