// The orders of the Express and the Fastify shop, in SQLite.
//
// An order is stored before Netgíró is asked. It ends once, and nothing changes it afterwards. If money comes for an order
// that has ended without it, a person has to look at it.
//
//     asking ──► waiting ──► paid · declined · timed_out · review
//       │  ╲       ▲  ╲
//       │   ►  unknown ►  canceling ──► canceled, or paid if the customer was faster
//       ▼
//     refused                  Netgíró said no, or could not be reached
//
// In `unknown` the request may have arrived: it is not sent again, and not called failed.

import Database from 'libsql'
import { OUTCOMES, masked } from './pages.mjs'

/** How long a customer has to answer, in seconds: the lifetime of a cart at Netgíró. */
const LIFETIME = 180
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
    transaction_id TEXT UNIQUE,
    called_back TEXT,
    invoice_number INTEGER
)`
const OPEN = "('asking', 'waiting', 'canceling', 'unknown')"

/** An order, as the pages show it. */
class Order {
  constructor({ lines, ...row }) {
    Object.assign(this, row, { lines: JSON.parse(lines), lifetime: LIFETIME })
    if (this.status === 'asking' && this.age > ASKING_TIMEOUT) this.status = 'unknown'
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
    return Math.max(0, LIFETIME - this.age)
  }

  /** Whether the order ended without money, so that its things may go back into the basket. */
  get isUnpaid() {
    return ['declined', 'canceled', 'timed_out', 'refused'].includes(this.status)
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

  /** Stores the order before Netgíró is asked; false if it is stored already, so nobody is asked twice. */
  place(id, phone, { amount, lines }) {
    return this.#change(
      'INSERT INTO orders (id, created, phone, amount, lines) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      ...[id, now(), masked(phone), amount, JSON.stringify(lines)],
    )
  }

  /** Netgíró has the cart, and the customer has the request. */
  storeCart(id, { transactionId }) {
    this.#change("UPDATE orders SET status = 'waiting', transaction_id = ? WHERE id = ? AND status = 'asking'", transactionId, id)
  }

  /** Records that Netgíró called back; a callback also names the cart of an order that had none. */
  recordCallback({ reference, transactionId }) {
    this.#change(
      `UPDATE orders SET called_back = ?, transaction_id = COALESCE(transaction_id, ?),
       status = IIF(status IN ('asking', 'unknown'), 'waiting', status) WHERE id = ?`,
      ...[now(), transactionId, reference],
    )
  }

  /** Records how the cart ended, as a verified answer says. An order that has ended stays as it is. */
  recordState(id, { isFinal, isPaid, status, payment }) {
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
      // Only the shop itself cancels for the customer: without that, the time has run out.
      this.#change(`UPDATE orders SET status = IIF(status = 'canceling', 'canceled', 'timed_out') WHERE id = ? AND status IN ${OPEN}`, id)
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

  /** The orders to ask Netgíró about. */
  waiting() {
    return this.#database.prepare("SELECT * FROM orders WHERE status IN ('waiting', 'canceling')").all().map((row) => new Order(row))
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
