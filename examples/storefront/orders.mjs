// The orders of the Express and the Fastify shop, in SQLite.
//
// An order is written down before Netgíró is asked, and ends once: what it ended as, it stays. Money that comes for an
// order which has ended otherwise is for a person to look at.
//
//     asking ──► waiting ──► paid · declined · canceled · review
//       │  ╲       ▲
//       │   ►  unknown         the request may have arrived: never asked again, never called failed
//       ▼
//     refused                  Netgíró said no, or was never reached

import Database from 'libsql'
import { OUTCOMES, masked } from './pages.mjs'

/** How long a customer has to answer, in seconds: the lifetime of a cart at Netgíró. */
const LIFETIME = 180
/**
 * How long an order may be `asking`, in seconds: longer than any call lasts. Who was asking then is gone, and nobody knows
 * whether the request arrived.
 */
const PATIENCE = 60

const SCHEMA = `
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    created TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'asking',
    phone TEXT NOT NULL,
    amount INTEGER NOT NULL,
    lines TEXT NOT NULL,
    transaction_id TEXT UNIQUE,
    reported TEXT,
    invoice_number INTEGER
)`
const OPEN = "('asking', 'waiting', 'unknown')"

/** An order, as the pages show it. */
class Order {
  constructor({ lines, ...row }) {
    Object.assign(this, row, { lines: JSON.parse(lines), lifetime: LIFETIME })
    if (this.status === 'asking' && this.age > PATIENCE) this.status = 'unknown'
    Object.assign(this, OUTCOMES[this.status])
  }

  get age() {
    return (Date.now() - Date.parse(this.created)) / 1000
  }

  get placed() {
    return this.created.slice(0, 16).replace('T', ' ')
  }

  get seconds_left() {
    return Math.max(0, LIFETIME - this.age)
  }

  /** The cart to ask about; with the amount and the reference, so that no other will do. */
  get cart() {
    return { transactionId: this.transaction_id, amount: this.amount, reference: this.id }
  }

  /** What the waiting page is told. */
  told() {
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

  /** Writes the intent down; false if the order is there already, so that nobody is asked twice. */
  place(id, phone, { amount, lines }) {
    return this.#change(
      'INSERT INTO orders (id, created, phone, amount, lines) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      ...[id, now(), masked(phone), amount, JSON.stringify(lines)],
    )
  }

  /** Netgíró has the cart, and the customer the request. */
  asked(id, { transactionId }) {
    this.#change("UPDATE orders SET status = 'waiting', transaction_id = ? WHERE id = ? AND status = 'asking'", transactionId, id)
  }

  /** Records that Netgíró called back, which also tells the cart of an order that had none. */
  reported({ reference, transactionId }) {
    this.#change(
      `UPDATE orders SET reported = ?, transaction_id = COALESCE(transaction_id, ?),
       status = IIF(status IN ${OPEN}, 'waiting', status) WHERE id = ?`,
      ...[now(), transactionId, reference],
    )
  }

  /** Takes Netgíró's verified word for how it ended. An order that has ended stays as it is. */
  settled(id, { isFinal, isPaid, status, payment }) {
    if (!isFinal) return
    if (isPaid) {
      this.#change(
        `UPDATE orders SET status = IIF(status IN ${OPEN}, 'paid', 'review'), invoice_number = ?
         WHERE id = ? AND status NOT IN ('paid', 'review')`,
        ...[payment?.invoiceNumber ?? null, id],
      )
    } else this.ended(id, status === 'declined' ? 'declined' : 'canceled')
  }

  /** Ends an order without money: it is as it has ended, if it has. */
  ended(id, status) {
    this.#change(`UPDATE orders SET status = ? WHERE id = ? AND status IN ${OPEN}`, status, id)
  }

  /** The request may have arrived, or not. */
  doubted(id) {
    this.#change("UPDATE orders SET status = 'unknown' WHERE id = ? AND status = 'asking'", id)
  }

  get(id) {
    const row = this.#database.prepare('SELECT * FROM orders WHERE id = ?').get(id)
    return row ? new Order(row) : null
  }

  /** The order that a callback is about, as the route wants it. */
  of({ reference }) {
    return this.get(reference)?.cart ?? null
  }

  /** The orders that Netgíró is to be asked about. */
  waiting() {
    return this.#database.prepare("SELECT * FROM orders WHERE status = 'waiting'").all().map((row) => new Order(row))
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
