// Every shop starts by its command, and sells: over plain HTTP, with no browser.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { it } from 'node:test'
import { PATIENCE, SHOPS, startShop, until } from './shops.mjs'

/** What a customer's browser does, without one: cookies, forms, and no redirects followed. */
class Visitor {
  #cookies = new Map()

  constructor(url) {
    this.url = url
  }

  async get(path) {
    return await this.#fetch(path)
  }

  async post(path, form) {
    if (this.#cookies.has('csrftoken')) form = { ...form, csrfmiddlewaretoken: this.#cookies.get('csrftoken') }
    const response = await this.#fetch(path, { method: 'POST', body: new URLSearchParams(form) })
    return { status: response.status, location: response.headers.get('location'), text: await response.text() }
  }

  async #fetch(path, init = {}) {
    // A server may close a kept connection just when it is used again.
    const headers = { Connection: 'close', Cookie: Array.from(this.#cookies, (pair) => pair.join('=')).join('; ') }
    const response = await fetch(new URL(path, this.url), { ...init, headers, redirect: 'manual' })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)
      this.#cookies.set(name, value)
    }
    return response
  }

  /** Puts a thing into the basket and goes to the check-out; gives the order's id in its form. */
  async chooses(sku) {
    await this.get('/')
    const { status } = await this.post('/basket/add', { sku })
    assert.ok(status === 302 || status === 303, `adding answered ${status}`)
    const html = await (await this.get('/checkout')).text()
    const [, id] = /name="order_id" value="([^"]+)"/.exec(html) ?? assert.fail(html)
    return id
  }

  async status(id) {
    return await (await this.get(`/orders/${id}/status`)).json()
  }

  async ends(id, status) {
    await until(`${id} is ${status}`, async () => (await this.status(id)).status === status)
  }
}

for (const [name, { lacks }] of Object.entries(SHOPS)) {
  for (const api of ['v1', 'v2']) {
    it(`${name}-shop starts by its command, sells by ${api}, and stops`, { skip: lacks, timeout: 4 * PATIENCE }, () => trades(name, api))
  }
}

for (const [name, { lacks }] of Object.entries(SHOPS)) {
  it(`${name}-shop goes on after it was killed`, { skip: lacks, timeout: 4 * PATIENCE }, () => goesOn(name, 'v1'))
}

// Of the others' kind are the FastAPI and the Fastify shop.
for (const name of ['django', 'flask', 'express']) {
  const { lacks } = SHOPS[name]
  it(`${name}-shop goes on by v2 after it was killed`, { skip: lacks, timeout: 4 * PATIENCE }, () => goesOn(name, 'v2'))
}

const { NETGIRO_TEST_POSTGRESQL } = process.env
const noPostgresql = NETGIRO_TEST_POSTGRESQL ? false : 'NETGIRO_TEST_POSTGRESQL names no PostgreSQL'

it('django-shop does so on PostgreSQL', { skip: SHOPS.django.lacks || noPostgresql, timeout: 4 * PATIENCE }, async () => {
  const database = `netgiro_shop_${process.pid}`
  const url = new URL(NETGIRO_TEST_POSTGRESQL)
  statement(`CREATE DATABASE ${database}`)
  try {
    url.pathname = database
    await trades('django', 'v2', { DATABASE_URL: url.href })
  } finally {
    statement(`DROP DATABASE ${database} WITH (FORCE)`)
  }
})

function statement(sql) {
  const program = 'import psycopg, sys; psycopg.connect(sys.argv[1], autocommit=True).execute(sys.argv[2])'
  execFileSync(process.env.NETGIRO_PYTHON, ['-c', program, NETGIRO_TEST_POSTGRESQL, sql])
}

/** What an API calls the things that differ: V2 does not tell a decline from a time that has run out. */
const WORDS = {
  v1: { insert: 'InsertCart', declined: 'declined', accepted: 'paid' },
  // Netgíró cancels what it cannot report.
  v2: { insert: 'Payment', declined: 'not_paid', accepted: 'not_paid' },
}

async function trades(name, api, env = {}) {
  const options = { env: { NETGIRO_API: api, ...env } }
  let shop = await startShop(name, options)
  try {
    await sells(shop)
    await isNotSentTwice(shop, WORDS[api])
    await saysWhatItDoesNotKnow(shop, WORDS[api])
    if (api === 'v2') await paysAtNetgiro(shop)
    else await hasNoPage(shop)
    await refuses(shop)
    await hasNoSuchPage(shop)
    // The second start finds the orders of the first, and a simulator that does not repeat its ids.
    const after = await shop.stop({ keepsData: true })
    shop = await startShop(name, { ...options, after })
    await sells(shop)
    assert.equal(/822.?3281/.test(shop.said()), false, 'a customer’s number is in what the shop prints')
  } catch (error) {
    error.message += `\n${shop.said()}`
    throw error
  } finally {
    await shop.stop()
  }
}

/** Killed while customers decide, and none of Netgíró's callbacks arrives: what has come of it is asked for. */
async function goesOn(name, api) {
  const env = { NETGIRO_API: api }
  const other = await startShop(name, { env })
  const { simulator } = other
  let shop
  try {
    shop = await startShop(name, { at: simulator, env })
    const visitor = new Visitor(shop.url)
    const ids = []
    for (const sku of ['salt', 'rugbraud', 'lakkris']) {
      const id = await visitor.chooses(sku)
      await visitor.post('/checkout', { order_id: id, phone: '822-3281' })
      ids.push(id)
    }
    const after = await shop.kill()
    const [accepted, declined] = [await simulator.cart(ids[0]), await simulator.cart(ids[1])]
    await simulator.tell(`carts/${accepted.transaction_id}/confirm`)
    await simulator.tell(`carts/${declined.transaction_id}/decline`)
    for (const attempt of [1, 2]) {
      await until(`attempt ${attempt} at the callbacks`, async () => {
        const failed = (await simulator.callbacks()).filter((each) => each.attempt === attempt && each.is_done && each.status === null)
        return failed.length === 2
      })
      if (attempt === 1) await simulator.tell('advance', { seconds: 6 })
    }
    shop = await startShop(name, { at: simulator, after, env })
    await visitor.ends(ids[0], WORDS[api].accepted)
    await visitor.ends(ids[1], WORDS[api].declined)
    assert.equal((await visitor.status(ids[2])).status, 'waiting')
    await simulator.tell(`carts/${(await simulator.cart(ids[2])).transaction_id}/confirm`)
    await visitor.ends(ids[2], 'paid')
    for (const id of ids) assert.equal(await simulator.inserted(id), 1)
  } catch (error) {
    error.message += `\n${shop?.said()}`
    throw error
  } finally {
    await shop?.stop()
    await other.stop()
  }
}

async function sells({ url, simulator }) {
  const visitor = new Visitor(url)
  const id = await visitor.chooses('kaffikanna')
  const { location } = await visitor.post('/checkout', { order_id: id, phone: '822-3281' })
  assert.equal(new URL(location, url).pathname, `/orders/${id}/payment`)
  const waiting = await (await visitor.get(location)).text()
  assert.match(waiting, /data-status="waiting"/)
  assert.doesNotMatch(waiting, /8223281|822-3281/)
  const cart = await simulator.cart(id)
  assert.equal(cart.amount, 8900)
  assert.equal((await visitor.status(id)).is_open, true)
  await simulator.tell(`carts/${cart.transaction_id}/confirm`)
  await visitor.ends(id, 'paid')
  assert.equal((await simulator.cart(id)).is_paid, true)
  const callbacks = await until('a callback', async () => (await simulator.callbacks()).filter(({ is_done: isDone }) => isDone)[0])
  assert.equal(callbacks.status, 200)
  assert.match(await (await visitor.get(`/orders/${id}`)).text(), /Takk fyrir/)
  // A field that a customer has emptied is no error.
  for (const quantity of ['2', '', 'two']) {
    assert.ok((await visitor.post('/basket/set', { sku: 'salt', quantity })).status < 400, quantity)
  }
  // Nothing to put back: it is sold.
  assert.equal((await visitor.post(`/orders/${id}/again`)).status, 409)
}

/** A double click on the button, from the same form. */
async function isNotSentTwice({ url, simulator }, { declined }) {
  const visitor = new Visitor(url)
  const id = await visitor.chooses('salt')
  const form = { order_id: id, phone: '822-3281' }
  const both = await Promise.all([visitor.post('/checkout', form), visitor.post('/checkout', form)])
  for (const { location } of both) assert.equal(new URL(location, url).pathname, `/orders/${id}/payment`)
  const cart = await simulator.cart(id)
  assert.equal(await simulator.inserted(id), 1)
  await simulator.tell(`carts/${cart.transaction_id}/decline`)
  await visitor.ends(id, declined)
  assert.equal((await visitor.post(`/orders/${id}/again`)).status < 400, true)
  assert.match(await (await visitor.get('/basket')).text(), /line-salt/)
}

/** The answer to the insert is lost: never called failed, never asked again, and settled by the callback. */
async function saysWhatItDoesNotKnow({ url, simulator }, { insert }) {
  const visitor = new Visitor(url)
  const id = await visitor.chooses('rugbraud')
  await simulator.tell('faults', { endpoint: insert, drop: 'after' })
  await visitor.post('/checkout', { order_id: id, phone: '822-3281' })
  const { status, title, is_open: isOpen } = await visitor.status(id)
  assert.deepEqual({ status, title, isOpen }, { status: 'unknown', title: 'We do not know yet', isOpen: true })
  assert.equal((await visitor.post(`/orders/${id}/again`)).status, 409)
  const cart = await simulator.cart(id)
  await simulator.tell(`carts/${cart.transaction_id}/confirm`)
  await visitor.ends(id, 'paid')
  assert.equal(await simulator.inserted(id), 1)
}

/** Paid without coming back; rejected, and come back twice; the same form again; an answer that is lost. */
async function paysAtNetgiro({ url, simulator }) {
  const visitor = new Visitor(url)
  const hosted = async (sku) => {
    const id = await visitor.chooses(sku)
    const { location } = await visitor.post('/checkout/hosted', { order_id: id })
    assert.equal(new URL(location).origin, new URL(simulator.url).origin)
    assert.equal((await visitor.status(id)).status, 'hosted')
    return { id, location }
  }
  const does = (page, action, body = {}) => fetch(`${page}/${action}`, { method: 'POST', body: JSON.stringify(body) })

  const accepted = await hosted('salt')
  const again = await visitor.post('/checkout/hosted', { order_id: accepted.id })
  assert.equal(new URL(again.location, url).pathname, `/orders/${accepted.id}/payment`)
  await does(accepted.location, 'accept', { customer_id: '1111111119' })
  await visitor.ends(accepted.id, 'paid')

  const rejected = await hosted('salt')
  await does(rejected.location, 'reject')
  const { return_url: back } = await (await fetch(`${rejected.location}/state`)).json()
  // The other order's page with this one's redirect; then one whose signature is not Netgíró's.
  await visitor.get(back.replace(rejected.id, accepted.id))
  await visitor.get(back.replace('Status=5', 'Status=2'))
  for (let time = 1; time <= 2; time += 1) {
    const answer = await visitor.get(back)
    assert.equal(new URL(answer.headers.get('location'), url).pathname, `/orders/${rejected.id}/payment`)
  }
  await visitor.ends(rejected.id, 'not_paid')
  assert.equal((await visitor.status(accepted.id)).status, 'paid')

  const lost = await visitor.chooses('salt')
  await simulator.tell('faults', { endpoint: 'HostedPayment', drop: 'after' })
  const answer = await visitor.post('/checkout/hosted', { order_id: lost })
  assert.equal(answer.status, 422)
  assert.equal((await visitor.status(lost)).status, 'refused')
}

/** V1 does not know for certain what is paid at Netgíró's page, so the shop does not offer it. */
async function hasNoPage({ url }) {
  const visitor = new Visitor(url)
  await visitor.chooses('salt')
  assert.doesNotMatch(await (await visitor.get('/checkout')).text(), /at Netgíró<\/button>/)
}

async function refuses({ url, simulator }) {
  const visitor = new Visitor(url)
  const id = await visitor.chooses('lakkris')
  const { status, text } = await visitor.post('/checkout', { order_id: id, phone: '12' })
  assert.equal(status, 422)
  assert.match(text, /This number was not recognised/)
  assert.equal((await simulator.carts()).some(({ reference }) => reference === id), false)
  // What is not in the form is not an order.
  assert.equal((await visitor.post('/checkout', { order_id: '../1', phone: '822-3281' })).status, 400)
  assert.equal((await visitor.get('/orders/SK-000000000000/status')).status, 404)
}

/** A page of the shop, and not of its framework. */
async function hasNoSuchPage({ url }) {
  const visitor = new Visitor(url)
  for (const path of ['/nowhere', '/orders/SK-000000000000', '/static/nowhere.css']) {
    const response = await visitor.get(path)
    assert.equal(response.status, 404, path)
    const html = await response.text()
    if (path.startsWith('/static')) continue
    assert.match(html, /There is no such page/, path)
    assert.match(html, /Skemman/, path)
  }
}
