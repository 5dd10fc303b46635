// Follows all open orders to their end at the same time. When the shop starts, it continues with the orders that were open
// when it stopped.

import { setTimeout as sleep } from 'node:timers/promises'
import { MismatchError } from 'netgiro'

export class OrderFollower {
  #client
  #orders
  #log
  #closing = new AbortController()

  constructor({ client, orders, log }) {
    this.#client = client
    this.#orders = orders
    this.#log = log
  }

  /** Continues with the orders that were open when the shop stopped. */
  resume() {
    for (const order of this.#orders.waiting()) this.start(order)
  }

  /** Waits for the customer, cancels when the time is over, and records how the order ended. */
  async start(order) {
    const { signal } = this.#closing
    while (order.status === 'hosted' && !signal.aborted) {
      if (this.#orders.endLeft(order)) return
      await sleep(1_000, undefined, { signal }).catch(() => {})
      if (!signal.aborted) order = this.#orders.get(order.id)
    }
    while (order.is_open && !signal.aborted) {
      try {
        const state = await this.#client.settleCart(order.cart, { timeoutMs: order.seconds_left * 1000, signal })
        if (state.isFinal) this.#orders.recordState(order.id, state)
        // Netgíró waits for something that this shop does not do, such as a code from an SMS.
        else await this.cancel(order)
        return
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof MismatchError) {
          this.#orders.end(order.id, 'review')
          return
        }
        // The order stays open until Netgíró has said how it ended.
        this.#log(`order ${order.id}: ${error.message}`)
        await sleep(5_000, undefined, { signal }).catch(() => {})
      }
    }
  }

  /** Cancels, and reads the answer: a customer who was a moment faster has paid. */
  async cancel(order) {
    this.#orders.recordState(order.id, await this.#client.cancelCart(order.cart))
  }

  /** Stops waiting; the carts stay as they are. */
  close() {
    this.#closing.abort()
  }
}
