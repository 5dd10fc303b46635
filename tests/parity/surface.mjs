// Prints the public surface of the installed Node package, as JSON.
import { createServer } from 'node:http'
import { once } from 'node:events'

import * as netgiro from 'netgiro'

const { Simulator, sign } = netgiro

/** The members of a class that its users see: methods and properties, also inherited, not Object's. */
function members(type) {
  const found = new Set()
  for (let proto = type.prototype; proto && proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
    if (proto === Error.prototype) break
    for (const name of Object.getOwnPropertyNames(proto)) found.add(name)
  }
  found.delete('constructor')
  const statics = Object.getOwnPropertyNames(type).filter(
    (name) => !['length', 'name', 'prototype'].includes(name),
  )
  return { members: [...found].sort(), statics: statics.sort() }
}

const simulator = await Simulator.start()
const client = simulator.client()
const cart = await client.insertCart({ amount: 1, reference: 'order', customerId: '8111111' })
const refund = await client.refundCart(cart, 1, { idempotencyKey: 'key' })
const transaction = await client.getTransaction(cart)
const state = await client.checkCart(cart)
const [result] = await client.checkMany([cart])

const received = createServer((_, response) => response.end())
await once(received.listen(0, '127.0.0.1'), 'listening')
const callbackUrl = `http://127.0.0.1:${received.address().port}/`
await client.insertCart({ amount: 1, reference: 'order', customerId: '8111111', callbackUrl })
while (!simulator.callbacks().some((callback) => callback.isDone)) {
  await new Promise((resolve) => setTimeout(resolve, 10))
}
received.close()
const body = JSON.stringify({
  PaymentInfo: { TransactionId: cart.transactionId },
  Success: true,
  ResultCode: 10425,
})
const headers = {
  netgiro_nonce: '1',
  netgiro_signature: sign(simulator.secretKey, '1', callbackUrl, body),
}
const callback = client.verifyCallback({ url: callbackUrl, headers, body })
const error = new netgiro.WaitTimeoutError('')

simulator.advance(86_400_000)
const days = { dateFrom: '2020-01-01', dateTo: simulator.now().slice(0, 10) }
const [settlement] = await client.settlements(days)
const [item] = await client.settlementItems(settlement.number)

const records = {
  Cart: cart,
  CartState: state,
  PaymentInfo: state.payment,
  CheckResult: result,
  Callback: callback,
  Refund: refund,
  Transaction: transaction,
  Settlement: settlement,
  SettlementItem: item,
  SimulatedCart: simulator.carts()[0],
  SimulatedRefund: simulator.carts()[0].refunds[0],
  SimulatedRequest: simulator.requests()[0],
  SimulatedCallback: simulator.callbacks()[0],
}
// Whether a property sits on the object or on its class is the class's own affair.
const own = {
  CartPoll: Object.getOwnPropertyNames(new netgiro.CartPoll(cart)),
  Client: Object.getOwnPropertyNames(client),
  Simulator: Object.getOwnPropertyNames(simulator),
}
const classes = Object.entries(netgiro).filter(([, value]) => /^class\b/.test(String(value)))
const surface = {
  exports: Object.keys(netgiro).sort(),
  classes: Object.fromEntries(
    classes.map(([name, type]) => {
      const { members: inherited, statics } = members(type)
      return [name, { members: [...new Set([...inherited, ...(own[name] ?? [])])], statics }]
    }),
  ),
  fields: Object.fromEntries(
    Object.entries(records).map(([name, record]) => [name, Object.getOwnPropertyNames(record).sort()]),
  ),
  error_attributes: [...Object.getOwnPropertyNames(error), ...members(netgiro.WaitTimeoutError).members]
    .filter((name) => !['stack', 'toJSON'].includes(name))
    .sort(),
  errors: classes
    .filter(([, type]) => type.prototype instanceof netgiro.NetgiroError)
    .map(([name, type]) => ({ code: new type('').code, class: name })),
}
await client.close()
await simulator.close()
console.log(JSON.stringify(surface))
