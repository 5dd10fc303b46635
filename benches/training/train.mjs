// What the addon's instrumented build is trained on: what shops do, in the proportions in which its time matters. Needs nothing
// but the installed package. What Netgíró answers comes from the simulator in it.

import assert from 'node:assert/strict';
import { NetgiroError, sign, SignatureError, Simulator } from 'netgiro';

const CALLS = 1500;
const IN_FLIGHT = 64;
const CALLBACK = 'https://shop.example/netgiro/callback';
const policy = { minIntervalMs: 50, defaultIntervalMs: 50, maxIntervalMs: 50 };

let orders = 0;

function insert(client, customerId = '811-1111') {
  orders += 1;
  return client.insertCart({ amount: 4990, reference: `order-${orders}`, customerId });
}

/** A checkout from its beginning to its end, and checks one after another. */
async function serial(client) {
  for (let order = 0; order < CALLS / 20; order += 1) {
    const cart = await insert(client);
    await client.settleCart(cart, { timeoutMs: 60_000, policy });
    await client.cancelCart(cart);
    for (let check = 0; check < 20; check += 1) await client.checkCart(cart);
  }
}

/** The same by the other API, and what only that one has: captures, refunds. */
async function serialV2(client) {
  let order;
  for (let count = 0; count < CALLS / 20; count += 1) {
    orders += 1;
    order = await client.insertCart({
      amount: 4990,
      reference: `order-${orders}`,
      customerId: '811-1111',
      confirmationType: 'manual',
    });
    await client.waitForCart(order, { timeoutMs: 60_000, policy });
    await client.captureCart(order);
    for (let check = 0; check < 5; check += 1) await client.checkCart(order);
    await client.refundCart(order, 1000, { idempotencyKey: `refund-${orders}` });
  }
  await client.checkMany(Array.from({ length: CALLS }, () => order));
}

async function concurrent(client) {
  const cart = await insert(client);
  let calls = CALLS * 2;
  const work = async () => {
    while (calls > 0) {
      calls -= 1;
      await client.checkCart(cart);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

async function bulk(client) {
  const carts = await Promise.all(Array.from({ length: 20 }, () => insert(client)));
  await Promise.all(carts.map((cart) => client.settleCart(cart, { timeoutMs: 60_000, policy })));
  const ids = Array.from({ length: CALLS * 2 }, (_, at) => carts[at % carts.length]);
  const results = await client.checkMany(ids, { concurrency: IN_FLIGHT });
  assert.ok(results.every((result) => result.state?.isPaid));
}

/** Carts that are asked about several times before they settle, or never do. */
async function waiting(client) {
  const accepted = Array.from({ length: 100 }, () => insert(client));
  const unanswered = Array.from({ length: 100 }, () => insert(client, '822-3281'));
  const carts = await Promise.all([...accepted, ...unanswered]);
  let settled = 0;
  for await (const result of client.waitMany(carts, { timeoutMs: 1000, policy })) settled += result.transactionId ? 1 : 0;
  assert.equal(settled, carts.length);
}

/** A third of the calls fails, each in a way of its own; and what that leaves open is asked again. */
async function failures(simulator, client) {
  simulator.storm({ seed: 1, failureRate: 0.3, reactionMs: 100 });
  for (let order = 0; order < 20; order += 1) {
    try {
      await client.settleCart(await insert(client), { timeoutMs: 2000, policy });
    } catch (error) {
      assert.ok(error instanceof NetgiroError, String(error));
    }
  }
  const unknown = Array.from({ length: 100 }, () => crypto.randomUUID());
  await client.checkMany(unknown, { retryForMs: 2000 });
  simulator.clearFaults();
}

function callbacks(client, secretKey) {
  const body = Buffer.from(
    '{"PaymentSuccessful":true,"PaymentInfo":{"TransactionId":"4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001",' +
      '"InvoiceNumber":1001,"ReferenceNumber":"order-1001","StatusId":2,"Created":"2026-01-22T13:22:05.123",' +
      '"TotalAmount":4990.00},"Success":true,"Message":null,"ResultCode":10200}',
  );
  const headers = { netgiro_nonce: '1', netgiro_signature: sign(secretKey, '1', CALLBACK, body) };
  for (let callback = 0; callback < CALLS; callback += 1) client.verifyCallback({ url: CALLBACK, headers, body });
  for (const forged of [{ ...headers, netgiro_nonce: '2' }, {}]) {
    assert.throws(() => client.verifyCallback({ url: CALLBACK, headers: forged, body }), SignatureError);
  }
}

for (const tls of [false, true]) {
  const simulator = await Simulator.start({ tls });
  const client = simulator.client();
  await serial(client);
  await concurrent(client);
  await bulk(client);
  await waiting(client);
  callbacks(client, simulator.secretKey);
  await failures(simulator, client);
  await client.close();
  const ofV2 = simulator.client({ api: 'v2' });
  await serialV2(ofV2);
  await ofV2.close();
  await simulator.close();
}
