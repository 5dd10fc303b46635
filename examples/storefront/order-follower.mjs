// Follows orders to their end, each beside the others; those that were open when the shop stopped are gone on with when
// it starts.

import { setTimeout as sleep } from 'node:timers/promises'
import { MismatchError } from 'netgiro'

export class Following {
  #client
  #orders
  #log
  #closing = new AbortController()

  constructor({ client, orders, log }) {
    this.#client = client
    this.#orders = orders
    this.#log = log
  }

  /** Takes up the orders that a stopped shop has left. */
  resume() {
    for (const order of this.#orders.waiting()) this.start(order)
  }

  /** Waits for the customer, cancels when the time is over, and records how it ended. */
  async start(order) {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        const state = await this.#client.settleCart(order.cart, { timeoutMs: order.seconds_left * 1000, signal })
        if (state.isFinal) this.#orders.settled(order.id, state)
        // Netgíró waits for something that this shop does not do, such as a code from an SMS.
        else await this.cancel(order)
        return
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof MismatchError) {
          this.#orders.ended(order.id, 'review')
          return
        }
        // The order stays open until Netgíró has said how it ended.
        this.#log(`order ${order.id}: ${error.message}`)
        await sleep(5_000, undefined, { signal }).catch(() => {})
      }
    }
  }

  /** Cancels, and reads the answer: the customer may have been a moment faster, and then it is paid. */
  async cancel(order) {
    this.#orders.settled(order.id, await this.#client.cancelCart(order.cart))
  }

  /** Stops waiting; the carts are left as they are. */
  close() {
    this.#closing.abort()
  }
}
