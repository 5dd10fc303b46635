// A customer's basket: quantities by product, as a cookie keeps them. The prices are always the shop's.

import { PRODUCTS } from './pages.mjs'

const MOST = 99

export class Basket {
  constructor(quantities = {}) {
    this.quantities = {}
    for (const { sku } of PRODUCTS) {
      const quantity = Math.min(Math.trunc(Number(quantities[sku])), MOST)
      if (quantity > 0) this.quantities[sku] = quantity
    }
  }

  /** The basket in a cookie; an empty one if the cookie cannot be read. */
  static from(cookie) {
    try {
      return new Basket(JSON.parse(cookie) ?? {})
    } catch {
      return new Basket()
    }
  }

  add(sku) {
    return this.with(sku, (this.quantities[sku] ?? 0) + 1)
  }

  with(sku, quantity) {
    return new Basket({ ...this.quantities, [sku]: quantity })
  }

  toString() {
    return JSON.stringify(this.quantities)
  }

  get lines() {
    return PRODUCTS.filter(({ sku }) => this.quantities[sku]).map((product) => ({
      ...product,
      quantity: this.quantities[product.sku],
      amount: this.quantities[product.sku] * product.price,
    }))
  }

  get count() {
    return this.lines.reduce((sum, { quantity }) => sum + quantity, 0)
  }

  get amount() {
    return this.lines.reduce((sum, { amount }) => sum + amount, 0)
  }

  /** What a cart is inserted with: of V1 the lines, as Netgíró shows them; of V2 that the callback makes the payment. */
  options(api) {
    if (api === 'v2') return { confirmationType: 'server_callback' }
    return { items: this.lines.map(({ sku, name, price, quantity }) => ({ productNo: sku, name, unitPrice: price, quantity })) }
  }
}
