// The orders of the Express and the Fastify shop, in SQLite.
//
// An order is stored before Netgíró is asked. It ends once, and nothing changes it afterwards. If money comes for an order
// that has ended without it, a person has to look at it.
//
//     asking ──► waiting ──► paid · declined · timed_out · not_paid · review
//       │  ╲       ▲  ╲
//       │   ►  unknown ►  canceling ──► canceled, or paid if the customer was faster
//       ▼
//     refused                  Netgíró said no, or could not be reached
//
//     asking ──► hosted ──► confirming ──► paid · not_paid · review
//                   ╲
//                    ► timed_out           the customer closed Netgíró's page
//
// In `unknown` the request may have arrived: it is not sent again, and not called failed. In `hosted` the customer is at
// Netgíró's page, and only the callback or the customer's return names the transaction to check.

import Database from 'libsql'
import { OUTCOMES, masked } from './pages.mjs'

/** How long a customer has to answer, in seconds: the lifetime of a cart at Netgíró. */
const LIFETIME = 180
/** How long an order waits for a customer who is at Netgíró's page, in seconds. */
const HOSTED_LIFETIME = 1800
/**
 * How long an order may be `asking`, in seconds: longer than any call takes. After that the process that asked is gone, and
 * nobody knows whether the request arrived.
 */
const ASKING_TIMEOUT = 60

const SCHEMA = `
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    created TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'asking',
    phone TEXT NOT NULL,
    amount INTEGER NOT NULL,
    lines TEXT NOT NULL,
    checkout_url TEXT,
    transaction_id TEXT UNIQUE,
    called_back TEXT,
    invoice_number INTEGER
)`
const OPEN = "('asking', 'waiting', 'hosted', 'confirming', 'canceling', 'unknown')"

/** An order, as the pages show it. */
class Order {
  constructor({ lines, ...row }) {
    // Whether it is paid at Netgíró's page, and not on a phone.
    const isHosted = row.checkout_url !== null
    Object.assign(this, row, { lines: JSON.parse(lines), isHosted, lifetime: isHosted ? HOSTED_LIFETIME : LIFETIME })
    // Nobody can have paid at a page whose address nobody has.
    if (this.status === 'asking' && this.age > ASKING_TIMEOUT) this.status = isHosted ? 'refused' : 'unknown'
    Object.assign(this, OUTCOMES[this.status])
  }

  get age() {
    return (Date.now() - Date.parse(this.created)) / 1000
  }

  get placed() {
    const [year, month, day, time] = this.created.split(/[-T.]/)
    return `${day}.${month}.${year} ${time.slice(0, 5)}`
  }

  get seconds_left() {
    return Math.max(0, this.lifetime - this.age)
  }

  /** Whether the order ended without money, so that its things may go back into the basket. */
  get isUnpaid() {
    return ['declined', 'canceled', 'timed_out', 'not_paid', 'refused'].includes(this.status)
  }

  /** The cart to check; amount and reference are compared, so that another cart is refused. */
  get cart() {
    return { transactionId: this.transaction_id, amount: this.amount, reference: this.id }
  }

  /** What the waiting page shows, as JSON. */
  statusView() {
    const { status, title, text, is_open, seconds_left } = this
    return { status, title, text, is_open, seconds_left }
  }
}

export class Orders {
  #database

  constructor(path) {
    // Its interface is that of better-sqlite3.
    this.#database = new Database(path)
    this.#database.exec('PRAGMA journal_mode = WAL')
    this.#database.exec(SCHEMA)
  }

  /**
   * Stores the order before Netgíró is asked; false if it is stored already, so nobody is asked twice. One without a phone is
   * to be paid at Netgíró's page.
   */
  place(id, { amount, lines }, phone) {
    const [shown, page] = phone === undefined ? ['', ''] : [masked(phone), null]
    return this.#change(
      `INSERT INTO orders (id, created, phone, amount, lines, checkout_url) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
      ...[id, now(), shown, amount, JSON.stringify(lines), page],
    )
  }

  /** Netgíró has a page for the order. No transaction can be checked before the customer has paid or come back. */
  storeCheckout(id, { checkoutUrl }) {
    this.#change("UPDATE orders SET status = 'hosted', checkout_url = ? WHERE id = ? AND status = 'asking'", checkoutUrl, id)
  }

  /** Netgíró has the cart, and the customer has the request. */
  storeCart(id, { transactionId }) {
    this.#change("UPDATE orders SET status = 'waiting', transaction_id = ? WHERE id = ? AND status = 'asking'", transactionId, id)
  }

  /** Records that Netgíró called back; a callback also names the cart of an order that had none. */
  recordCallback({ reference, transactionId }) {
    this.#change('UPDATE orders SET called_back = ? WHERE id = ?', now(), reference)
    this.#storeTransaction(reference, transactionId)
  }

  /** Records that the customer came back from Netgíró's page, which names the transaction; a check says how it ended. */
  recordRedirect({ reference, transactionId }) {
    this.#storeTransaction(reference, transactionId)
  }

  #storeTransaction(id, transactionId) {
    this.#change(
      `UPDATE orders SET transaction_id = ?, status = CASE status
       WHEN 'hosted' THEN 'confirming' WHEN 'asking' THEN 'waiting' WHEN 'unknown' THEN 'waiting' ELSE status END
       WHERE id = ? AND transaction_id IS NULL`,
      ...[transactionId, id],
    )
  }

  /** Records how the cart ended, as a verified answer says. An order that has ended stays as it is. */
  recordState(id, { isFinal, isPaid, status, payment, api }) {
    if (!isFinal) return
    if (isPaid) {
      this.#change(
        `UPDATE orders SET status = IIF(status IN ${OPEN}, 'paid', 'review'), invoice_number = ?
         WHERE id = ? AND status NOT IN ('paid', 'review')`,
        ...[payment?.invoiceNumber ?? null, id],
      )
    } else if (status === 'declined') {
      this.end(id, 'declined')
    } else {
      // Only the shop itself cancels for the customer: without that, the time has run out. V2 says the same where the customer
      // has declined.
      const ended = api === 'v1' ? 'timed_out' : 'not_paid'
      this.#change(`UPDATE orders SET status = IIF(status = 'canceling', 'canceled', ?) WHERE id = ? AND status IN ${OPEN}`, ended, id)
      // A cancel of V2 undoes a payment: it may have been on its way when the callback's check saw the order paid.
      this.#change("UPDATE orders SET status = 'review' WHERE id = ? AND status = 'paid'", id)
    }
  }

  /** The customer wants to cancel; Netgíró's answer says whether that came in time. */
  markCanceling(id) {
    this.#change("UPDATE orders SET status = 'canceling' WHERE id = ? AND status = 'waiting'", id)
  }

  /** Ends an open order without money; an order that has ended stays as it is. */
  end(id, status) {
    this.#change(`UPDATE orders SET status = ? WHERE id = ? AND status IN ${OPEN}`, status, id)
  }

  /** Ends an order whose customer did not come back from Netgíró's page in time; false for any other. */
  endLeft({ id, status, seconds_left: secondsLeft }) {
    if (status !== 'hosted' || secondsLeft > 0) return false
    return this.#change("UPDATE orders SET status = 'timed_out' WHERE id = ? AND status = 'hosted'", id)
  }

  /** Nobody knows whether the request arrived. */
  markUnknown(id) {
    this.#change("UPDATE orders SET status = 'unknown' WHERE id = ? AND status = 'asking'", id)
  }

  get(id) {
    const row = this.#database.prepare('SELECT * FROM orders WHERE id = ?').get(id)
    return row ? new Order(row) : null
  }

  /** The cart of the order that a callback is about, which the route compares. */
  find({ reference }) {
    return this.get(reference)?.cart ?? null
  }

  /** The orders that are to come to an end. */
  waiting() {
    const open = "('waiting', 'hosted', 'confirming', 'canceling')"
    return this.#database.prepare(`SELECT * FROM orders WHERE status IN ${open}`).all().map((row) => new Order(row))
  }

  close() {
    this.#database.close()
  }

  #change(statement, ...values) {
    return this.#database.prepare(statement).run(...values).changes > 0
  }
}

function now() {
  return new Date().toISOString()
}
