// What the test files share: a server that listens before its framework is there, requests as a forger sends them,
// and a shop with its orders in memory.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { sign } from 'netgiro';

export const CUSTOMER = '8223281';

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** That a page of the documentation shows a file as it is. */
export function isShown(file, page) {
  const [code, docs] = [new URL(file, import.meta.url), join(process.env.NETGIRO_ROOT, page)].map((each) => readFileSync(each, 'utf8'));
  assert.ok(docs.includes(code.trim()), `${page} does not show ${file} as it is`);
}

/** Waits for a condition, not for a time. */
export async function until(condition, what, ms = 60_000) {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `in vain: ${what}`);
    await pause(5);
  }
}

/** A server on a port of its own, so that its URL is known before the route that is registered under it. */
export async function listen() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { server, origin: `http://127.0.0.1:${server.address().port}`, close };
}

const closing = new WeakMap();

/** Closes it when a test is over, the latest first. */
export function whenOver(t, close) {
  if (!closing.has(t)) {
    closing.set(t, []);
    t.after(async () => {
      for (const each of closing.get(t).reverse()) await each();
    });
  }
  closing.get(t).push(close);
}

/**
 * Sends a request; gives its status, headers and text. `body` may be a function that writes to
 * the request as it likes.
 */
export function send(url, { method = 'POST', headers = {}, body = '' } = {}) {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, { method, headers, agent: false });
    outgoing.on('response', async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      resolve({ status: response.statusCode, headers: response.headers, text });
      outgoing.destroy();
    });
    outgoing.on('error', reject);
    if (typeof body === 'function') body(outgoing);
    else outgoing.end(body);
  });
}

let nonces = 0;

/** The headers that Netgíró would send with this body to this URL. */
export function signed(simulator, url, body, secret = simulator.secretKey) {
  const nonce = `${Date.now()}${(nonces += 1)}`;
  return {
    'Content-Type': 'application/json; charset=utf-8',
    netgiro_appkey: simulator.appKey,
    netgiro_nonce: nonce,
    netgiro_signature: sign(secret, nonce, url, body),
  };
}

const hash = (...parts) => createHash('sha256').update(parts.join('')).digest('hex');

/** The body of a callback of V2, and its headers. */
export function callbackOfV2(simulator, { transactionId, reference, amount }, { success = true, secret = simulator.secretKey } = {}) {
  const message = success ? 'Success' : 'Canceled';
  return [
    JSON.stringify({ Success: success, Message: message, TransactionId: transactionId, ReferenceNumber: reference, TotalAmount: amount }),
    { 'Content-Type': 'application/json', 'X-Netgiro-Signature': hash(secret, transactionId, amount) },
  ];
}

/** A hosted checkout's callback as a form, and its headers. */
export function callbackAsForm({ secretKey }, { transactionId, reference, amount }, more = {}) {
  const signature = hash(secretKey, reference, transactionId, 123456, amount, 2);
  const fields = { TransactionId: transactionId, ReferenceNumber: reference, InvoiceNumber: 123456, TotalAmount: amount, Status: 2 };
  const form = new URLSearchParams({ ...fields, NetgiroSignature: signature, ...more });
  return [form.toString(), { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' }];
}

/** The body of a callback, as the simulator spells it. */
export function callbackBody(cart, { amount = cart.amount, reference = cart.reference, paid = true } = {}) {
  return JSON.stringify({
    PaymentSuccessful: paid,
    PaymentInfo: {
      TransactionId: cart.transactionId,
      InvoiceNumber: 7,
      ReferenceNumber: reference,
      StatusId: paid ? 2 : 5,
      TotalAmount: amount,
    },
    Success: true,
    Message: null,
    ResultCode: paid ? 10200 : 10201,
  });
}

/** A shop whose database is a Map, and fails when it is told to. */
export class Shop {
  orders = new Map();
  recorded = [];
  settled = [];
  problems = [];
  /** Set to a function, each is called in place of what the shop does. */
  order = (callback) => this.orders.get(callback.reference);
  record = (callback) => this.recorded.push(callback.transactionId);
  onSettled = () => {};

  constructor(api = 'v1') {
    this.api = api;
  }

  /** What a callback route is made with. */
  options(simulator, url) {
    return {
      client: (this.client ??= simulator.client({ api: this.api })),
      url,
      order: async (callback) => await this.order(callback),
      record: async (callback) => await this.record(callback),
      settled: async (state, callback) => {
        this.settled.push([callback.reference, state.status]);
        await this.onSettled(state, callback);
      },
      onError: (error, about) => this.problems.push({ message: error.message, ...about }),
    };
  }

  async checkout(simulator, url, options = {}) {
    const reference = `order-${this.orders.size + 1}`;
    const order = { amount: 4990, reference };
    this.orders.set(reference, order);
    const urls = { callbackUrl: url, callbackCancelUrl: url };
    return await this.client.insertCart({ ...order, customerId: CUSTOMER, ...urls, ...options });
  }
}
