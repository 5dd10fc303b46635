// Every shop starts by its command, and sells: over plain HTTP, with no browser.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
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
    const headers = { Cookie: Array.from(this.#cookies, (pair) => pair.join('=')).join('; ') }
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
  describe(`${name}-shop`, { skip: lacks, timeout: 4 * PATIENCE }, () => {
    it('starts by its command, sells a thing, and stops', async () => {
      const shop = await startShop(name)
      try {
        await sells(shop)
        await isNotSentTwice(shop)
        await saysWhatItDoesNotKnow(shop)
        await refuses(shop)
        assert.equal(shop.said().includes('822'), false, 'a customer’s number is in what the shop prints')
      } catch (error) {
        error.message += `\n${shop.said()}`
        throw error
      } finally {
        await shop.stop()
      }
    })
  })
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
  // Nothing to put back: it is sold.
  assert.equal((await visitor.post(`/orders/${id}/again`)).status, 409)
}

/** A double click on the button, from the same form. */
async function isNotSentTwice({ url, simulator }) {
  const visitor = new Visitor(url)
  const id = await visitor.chooses('salt')
  const form = { order_id: id, phone: '822-3281' }
  const both = await Promise.all([visitor.post('/checkout', form), visitor.post('/checkout', form)])
  for (const { location } of both) assert.equal(new URL(location, url).pathname, `/orders/${id}/payment`)
  const cart = await simulator.cart(id)
  assert.equal(await simulator.inserted(id), 1)
  await simulator.tell(`carts/${cart.transaction_id}/decline`)
  await visitor.ends(id, 'declined')
  assert.equal((await visitor.post(`/orders/${id}/again`)).status < 400, true)
  assert.match(await (await visitor.get('/basket')).text(), /line-salt/)
}

/** The answer to InsertCart is lost: never called failed, never asked again, and settled by the callback. */
async function saysWhatItDoesNotKnow({ url, simulator }) {
  const visitor = new Visitor(url)
  const id = await visitor.chooses('rugbraud')
  await simulator.tell('faults', { endpoint: 'InsertCart', drop: 'after' })
  await visitor.post('/checkout', { order_id: id, phone: '822-3281' })
  const { status, title, is_open: isOpen } = await visitor.status(id)
  assert.deepEqual({ status, title, isOpen }, { status: 'unknown', title: 'We do not know yet', isOpen: true })
  assert.equal((await visitor.post(`/orders/${id}/again`)).status, 409)
  const cart = await simulator.cart(id)
  await simulator.tell(`carts/${cart.transaction_id}/confirm`)
  await visitor.ends(id, 'paid')
  assert.equal(await simulator.inserted(id), 1)
}

async function refuses({ url, simulator }) {
  const visitor = new Visitor(url)
  const id = await visitor.chooses('lakkris')
  const { status, text } = await visitor.post('/checkout', { order_id: id, phone: '12' })
  assert.equal(status, 422)
  assert.match(text, /does not look like an Icelandic mobile number/)
  assert.equal((await simulator.carts()).some(({ reference }) => reference === id), false)
  // What is not in the form is not an order.
  assert.equal((await visitor.post('/checkout', { order_id: '../1', phone: '822-3281' })).status, 400)
  assert.equal((await visitor.get('/orders/SK-000000000000/status')).status, 404)
}
