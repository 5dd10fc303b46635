// A small shop on Express that is paid with Netgíró.

import { unescape } from 'node:querystring'
import express from 'express'
import { Client, MismatchError, NetgiroError, OutcomeUnknownError, SignatureError } from 'netgiro'
import { netgiroCallback } from 'netgiro/express'
import { Basket } from 'storefront/basket.mjs'
import { OrderFollower } from 'storefront/order-follower.mjs'
import { Orders } from 'storefront/orders.mjs'
import { PRODUCTS, STATIC, isOrderId, newOrderId, page } from 'storefront/pages.mjs'

const { DATABASE = 'shop.sqlite3', PORT = '8000', PUBLIC_URL = `http://127.0.0.1:${PORT}` } = process.env
// The URL that Netgíró calls, exactly as the shop gives it; behind a proxy the request has another URL.
const CALLBACK_URL = `${PUBLIC_URL}/netgiro/callback`

const client = Client.fromEnv()
const orders = new Orders(DATABASE)
const follower = new OrderFollower({ client, orders, log: console.warn })
const callbackRoute = netgiroCallback({
  client,
  url: CALLBACK_URL,
  order: (callback) => orders.find(callback),
  record: (callback) => orders.recordCallback(callback),
  // Called once for each cart, with what checkCart said after the callback.
  settled: (state, { reference }) => orders.recordState(reference, state),
})

const app = express()
app.disable('x-powered-by')
// Before any parser: the signature covers the bytes as they arrive.
app.use('/netgiro/callback', callbackRoute)
app.use('/static', express.static(STATIC))
app.use(express.urlencoded({ extended: false }))
app.use((request, response, next) => {
  request.basket = Basket.from(cookie(request, 'basket'))
  response.page = (template, context) => response.send(page(template, { basket: request.basket, ...context }))
  response.keep = (basket) => response.cookie('basket', String(basket), { httpOnly: true, sameSite: 'lax' })
  next()
})
app.param('order', (request, response, next, id) => {
  request.order = orders.get(id)
  if (request.order) next()
  else missing(request, response)
})

app.post('/checkout', async (request, response) => {
  const { basket } = request
  const { order_id: id, phone } = request.body ?? {}
  if (!isOrderId(id) || typeof phone !== 'string') return response.sendStatus(400)
  // A form that is sent twice is one order: the second request finds the order, and goes to its page.
  if (basket.count > 0 && orders.place(id, basket, phone)) {
    try {
      const cart = await client.insertCart({
        amount: basket.amount,
        reference: id,
        customerId: phone,
        callbackUrl: CALLBACK_URL,
        callbackCancelUrl: CALLBACK_URL,
        ...basket.options(client.api),
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
        console.warn(`order ${id}: ${error.message}`)
        orders.end(id, 'refused')
        return response.status(422).page('checkout.html', checkout({ phone, error: error.customerMessage('en') }))
      }
    }
    response.keep(new Basket())
  }
  response.redirect(303, orders.get(id) ? `/orders/${id}/payment` : '/basket')
})

// Sends the customer to a page of Netgíró's, of V2 alone.
app.post('/checkout/hosted', async ({ basket, body }, response) => {
  const id = body?.order_id
  if (!isOrderId(id)) return response.sendStatus(400)
  if (basket.count > 0 && orders.place(id, basket)) {
    const back = `${PUBLIC_URL}/orders/${id}/return`
    try {
      const order = { amount: basket.amount, reference: id }
      const created = await client.createCheckout({ ...order, successUrl: back, cancelUrl: back, callbackUrl: CALLBACK_URL })
      orders.storeCheckout(id, created)
      follower.start(orders.get(id))
      return response.keep(new Basket()).redirect(303, created.checkoutUrl)
    } catch (error) {
      if (!(error instanceof NetgiroError)) throw error
      // Also where the outcome is unknown: nobody can pay at a page whose address nobody has.
      console.warn(`order ${id}: ${error.message}`)
      orders.end(id, 'refused')
      return response.status(422).page('checkout.html', checkout({ error: error.customerMessage('en') }))
    }
  }
  response.redirect(303, orders.get(id) ? `/orders/${id}/payment` : '/basket')
})

// The customer comes back from Netgíró's page. The URL says how it ended, and is not believed: a check decides.
app.get('/orders/:order/return', ({ order, originalUrl }, response) => {
  try {
    orders.recordRedirect(client.verifyRedirect(originalUrl, { amount: order.amount, reference: order.id }))
  } catch (error) {
    if (!(error instanceof SignatureError || error instanceof MismatchError)) throw error
    console.warn(`order ${order.id}: ${error.message}`)
  }
  response.redirect(303, `/orders/${order.id}/payment`)
})

// The page that the customer sees while waiting, and the status that it asks for each second.
app.get('/orders/:order/payment', ({ order }, response) => response.page('waiting.html', { order }))
app.get('/orders/:order/status', ({ order }, response) => response.json(order.statusView()))

app.post('/orders/:order/cancel', async ({ order }, response) => {
  if (order.status === 'waiting' || order.status === 'canceling') {
    orders.markCanceling(order.id)
    try {
      await follower.cancel(order)
    } catch (error) {
      console.warn(`order ${order.id} is not canceled: ${error.message}`)
      if (error instanceof MismatchError) orders.end(order.id, 'review')
    }
  }
  response.redirect(303, `/orders/${order.id}/payment`)
})

app.get('/', (request, response) => response.page('index.html', { products: PRODUCTS }))
app.get('/basket', (request, response) => response.page('basket.html'))
app.get('/orders/:order', ({ order }, response) => response.page('order.html', { order }))

app.post('/basket/add', ({ basket, body }, response) => {
  response.keep(basket.add(body?.sku)).redirect(303, '/basket')
})
app.post('/basket/set', ({ basket, body }, response) => {
  response.keep(basket.with(body?.sku, body?.quantity)).redirect(303, '/basket')
})
app.get('/checkout', ({ basket }, response) => {
  if (basket.count === 0) response.redirect(303, '/basket')
  else response.page('checkout.html', checkout())
})
// Puts the things of an order that was not paid back into the basket.
app.post('/orders/:order/again', ({ order }, response) => {
  if (!order.isUnpaid) return response.sendStatus(409)
  const quantities = Object.fromEntries(order.lines.map(({ sku, quantity }) => [sku, quantity]))
  response.keep(new Basket(quantities)).redirect(303, '/basket')
})
app.use(missing)

follower.resume()
const server = app.listen(Number(PORT), '127.0.0.1')

export async function close() {
  server.close()
  server.closeAllConnections()
  follower.close()
  await callbackRoute.close()
  await client.close()
  orders.close()
}

/** What the check-out shows: both ways to pay, where the API has both. */
function checkout(given) {
  return { order_id: newOrderId(), is_v2: client.api === 'v2', ...given }
}

function missing(request, response) {
  response.status(404).page('missing.html')
}

function cookie({ headers }, name) {
  const pairs = (headers.cookie ?? '').split('; ').map((pair) => pair.split('='))
  return unescape(pairs.find(([key]) => key === name)?.[1] ?? '')
}
