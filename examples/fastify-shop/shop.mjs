// A small shop on Fastify that is paid with Netgíró.

import cookies from '@fastify/cookie'
import forms from '@fastify/formbody'
import files from '@fastify/static'
import Fastify from 'fastify'
import { MismatchError, NetgiroError, OutcomeUnknownError, SignatureError } from 'netgiro'
import { netgiro } from 'netgiro/fastify'
import { Basket } from 'storefront/basket.mjs'
import { OrderFollower } from 'storefront/order-follower.mjs'
import { Orders } from 'storefront/orders.mjs'
import { PRODUCTS, STATIC, isOrderId, newOrderId, page } from 'storefront/pages.mjs'

const { DATABASE = 'shop.sqlite3', PORT = '8000', PUBLIC_URL = `http://127.0.0.1:${PORT}` } = process.env
// The URL that Netgíró calls, exactly as the shop gives it; behind a proxy the request has another URL.
const CALLBACK_URL = `${PUBLIC_URL}/netgiro/callback`

const orders = new Orders(DATABASE)
const app = Fastify({ logger: { level: 'warn' } })
await app.register(netgiro, {
  callback: {
    url: CALLBACK_URL,
    order: (callback) => orders.find(callback),
    record: (callback) => orders.recordCallback(callback),
    // Called once for each cart, with what checkCart said after the callback.
    settled: (state, { reference }) => orders.recordState(reference, state),
  },
})
const follower = new OrderFollower({ client: app.netgiro, orders, log: (message) => app.log.warn(message) })
await app.register(cookies)
await app.register(forms)
await app.register(files, { root: STATIC, prefix: '/static/' })

app.decorateRequest('basket')
app.decorateRequest('order')
app.decorateReply('page', function (template, context) {
  return this.type('text/html; charset=utf-8').send(page(template, { basket: this.request.basket, ...context }))
})
app.decorateReply('keep', function (basket) {
  return this.setCookie('basket', String(basket), { httpOnly: true, sameSite: 'lax', path: '/' })
})
app.addHook('preHandler', async (request, reply) => {
  request.basket = Basket.from(request.cookies.basket)
  if (request.params.order === undefined) return
  request.order = orders.get(request.params.order)
  if (request.order === null) return missing(request, reply)
})

async function missing(request, reply) {
  return reply.code(404).page('missing.html')
}

/** What the check-out shows: both ways to pay, where the API has both. */
const checkout = (given) => ({ order_id: newOrderId(), is_v2: app.netgiro.api === 'v2', ...given })

const text = { type: 'string', maxLength: 100 }
const form = (...names) => ({
  body: { type: 'object', required: names, properties: Object.fromEntries(names.map((name) => [name, text])) },
})

app.post('/checkout', { schema: form('order_id', 'phone') }, async (request, reply) => {
  const { basket } = request
  const { order_id: id, phone } = request.body
  if (!isOrderId(id)) return reply.code(400).send()
  // A form that is sent twice is one order: the second request finds the order, and goes to its page.
  if (basket.count > 0 && orders.place(id, basket, phone)) {
    try {
      const cart = await app.netgiro.insertCart({
        amount: basket.amount,
        reference: id,
        customerId: phone,
        callbackUrl: CALLBACK_URL,
        callbackCancelUrl: CALLBACK_URL,
        ...basket.options(app.netgiro.api),
      })
      orders.storeCart(id, cart)
      follower.start(orders.get(id))
    } catch (error) {
      if (error instanceof OutcomeUnknownError) {
        // The customer may have been asked, so the order has not failed, and the customer is not asked again.
        orders.markUnknown(id)
      } else if (!(error instanceof NetgiroError)) {
        throw error
      } else {
        request.log.warn(error, `order ${id}`)
        orders.end(id, 'refused')
        return reply.code(422).page('checkout.html', checkout({ phone, error: error.customerMessage('en') }))
      }
    }
    reply.keep(new Basket())
  }
  return reply.redirect(orders.get(id) ? `/orders/${id}/payment` : '/basket', 303)
})

// Sends the customer to a page of Netgíró's, of V2 alone.
app.post('/checkout/hosted', { schema: form('order_id') }, async ({ basket, body, log }, reply) => {
  const id = body.order_id
  if (!isOrderId(id)) return reply.code(400).send()
  if (basket.count > 0 && orders.place(id, basket)) {
    const back = `${PUBLIC_URL}/orders/${id}/return`
    try {
      const order = { amount: basket.amount, reference: id }
      const created = await app.netgiro.createCheckout({ ...order, successUrl: back, cancelUrl: back, callbackUrl: CALLBACK_URL })
      orders.storeCheckout(id, created)
      follower.start(orders.get(id))
      return reply.keep(new Basket()).redirect(created.checkoutUrl, 303)
    } catch (error) {
      if (!(error instanceof NetgiroError)) throw error
      // Also where the outcome is unknown: nobody can pay at a page whose address nobody has.
      log.warn(error, `order ${id}`)
      orders.end(id, 'refused')
      return reply.code(422).page('checkout.html', checkout({ error: error.customerMessage('en') }))
    }
  }
  return reply.redirect(orders.get(id) ? `/orders/${id}/payment` : '/basket', 303)
})

// The customer comes back from Netgíró's page. The URL says how it ended, and is not believed: a check decides.
app.get('/orders/:order/return', async ({ order, url, log }, reply) => {
  try {
    orders.recordRedirect(app.netgiro.verifyRedirect(url, { amount: order.amount, reference: order.id }))
  } catch (error) {
    if (!(error instanceof SignatureError || error instanceof MismatchError)) throw error
    log.warn(error, `order ${order.id}`)
  }
  return reply.redirect(`/orders/${order.id}/payment`, 303)
})

// The page that the customer sees while waiting, and the status that it asks for each second.
app.get('/orders/:order/payment', async ({ order }, reply) => reply.page('waiting.html', { order }))
app.get('/orders/:order/status', async ({ order }) => order.statusView())

app.post('/orders/:order/cancel', async ({ order, log }, reply) => {
  if (order.status === 'waiting' || order.status === 'canceling') {
    orders.markCanceling(order.id)
    try {
      await follower.cancel(order)
    } catch (error) {
      log.warn(error, `order ${order.id} is not canceled`)
      if (error instanceof MismatchError) orders.end(order.id, 'review')
    }
  }
  return reply.redirect(`/orders/${order.id}/payment`, 303)
})

app.get('/', async (request, reply) => reply.page('index.html', { products: PRODUCTS }))
app.get('/basket', async (request, reply) => reply.page('basket.html'))
app.get('/orders/:order', async ({ order }, reply) => reply.page('order.html', { order }))

app.post('/basket/add', { schema: form('sku') }, async ({ basket, body }, reply) =>
  reply.keep(basket.add(body.sku)).redirect('/basket', 303),
)
app.post('/basket/set', { schema: form('sku', 'quantity') }, async ({ basket, body }, reply) =>
  reply.keep(basket.with(body.sku, body.quantity)).redirect('/basket', 303),
)
app.get('/checkout', async ({ basket }, reply) => {
  if (basket.count === 0) return reply.redirect('/basket', 303)
  return reply.page('checkout.html', checkout())
})
// Puts the things of an order that was not paid back into the basket.
app.post('/orders/:order/again', async ({ order }, reply) => {
  if (!order.isUnpaid) return reply.code(409).send()
  const quantities = Object.fromEntries(order.lines.map(({ sku, quantity }) => [sku, quantity]))
  return reply.keep(new Basket(quantities)).redirect('/basket', 303)
})
app.setNotFoundHandler(missing)

follower.resume()
app.addHook('onClose', async () => {
  follower.close()
  orders.close()
})
await app.listen({ host: '127.0.0.1', port: Number(PORT) })

export const close = () => app.close()
