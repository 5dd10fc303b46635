// Results are plain frozen data: they survive JSON and structuredClone.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CartPoll } from 'netgiro';
import { ID, failure, simulate, QUICK, until } from '../harness.mjs';

const ORDER = { amount: 4990, reference: 'order-17', customerId: '8223281' };

function assertPlain(value) {
  assert.deepEqual(JSON.parse(JSON.stringify(value)), value);
  const clone = structuredClone(value);
  assert.deepEqual(clone, value);
  assertFrozen(value);
}

function assertFrozen(value) {
  if (typeof value !== 'object' || value === null) return;
  assert.ok(Object.isFrozen(value), JSON.stringify(value));
  assert.ok([Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value)));
  for (const member of Object.values(value)) {
    assert.notEqual(member, undefined);
    assertFrozen(member);
  }
}

it('every kind of result is plain and frozen', async () => {
  const simulator = await simulate({ decimals: 1 });
  const client = simulator.client();
  const callbackUrl = 'http://127.0.0.1:9/cb';
  const cart = await client.insertCart({ ...ORDER, callbackUrl });
  assertPlain(cart);
  assertPlain(await client.checkCart(cart));
  simulator.confirm(cart);
  const state = await client.waitForCart(cart, { policy: QUICK });
  assert.equal(state.payment.totalAmount, '4990.0');
  assert.equal(new Date(state.checkedAt).toISOString(), state.checkedAt);
  assert.equal(new Date(state.payment.created).toISOString(), state.payment.created);
  assertPlain(state);
  assertPlain(await client.checkMany([cart, ID]));
  const [sent] = simulator.callbacks();
  const callback = client.verifyCallback({ url: callbackUrl, headers: sent.headers, body: sent.body });
  assertPlain(callback);
  assert.ok(!Object.keys(callback).includes('matches'));
  assert.deepEqual(Object.keys(callback), ['transactionId', 'reference', 'amount', 'state', 'referenceId']);
  const { value } = await client.watchCart(cart).next();
  assertPlain(value);
  for (const list of [simulator.carts(), simulator.requests(), simulator.callbacks()]) assertPlain(list);
});

it('so is every kind of result of V2, and a poll keeps which API said so', async () => {
  const simulator = await simulate();
  const client = simulator.client({ api: 'v2' });
  const callbackUrl = 'http://127.0.0.1:9/cb';
  const open = await client.insertCart({ ...ORDER, confirmationType: 'server_callback', callbackUrl });
  const poll = await client.pollStep(new CartPoll(open, { now: Date.now() - 10_000 }));
  for (const kept of [poll, CartPoll.fromJson(poll.toJson()), structuredClone(poll)]) {
    assert.deepEqual([kept.state.api, kept.state.status, kept.state.resultCode], ['v2', 'pending', null]);
  }
  const again = poll.answered(JSON.parse(JSON.stringify(poll.state)), { sentAt: Date.now(), now: Date.now() });
  assert.equal(again.state.api, 'v2');
  const [checked] = await client.checkMany([open]);
  assertPlain(checked);
  const [resumed] = await simulator.client().checkMany([open], { resume: JSON.parse(JSON.stringify([checked])) });
  assert.equal(resumed.state.api, 'v2');
  simulator.confirm(open);
  await until(() => simulator.callbacks().length > 0, 'a callback is sent');
  const [sent] = simulator.callbacks();
  const callback = client.verifyCallback({ url: callbackUrl, headers: sent.headers, body: sent.body });
  assertPlain(callback);
  assert.deepEqual([callback.state, callback.matches(4990, 'order-17'), callback.matches(4991, 'order-17')], [null, true, false]);
  const held = await client.insertCart({ ...ORDER, customerId: null, accessCode: '1234567890', confirmationType: 'manual' });
  assert.equal((await client.waitForCart(held, { policy: QUICK })).status, 'reserved');
  const state = await client.captureCart(held, { amount: 1000 });
  assertPlain(state);
  assert.deepEqual([state.isPaid, state.api, simulator.cart(held).captured], [true, 'v2', 1000]);
  assert.deepEqual([(await client.cancelCart(held)).status, (await client.voidCart(held)).status], ['confirmed', 'canceled']);
});

it('a result with an error survives, too', async () => {
  const simulator = await simulate();
  simulator.addFault('CheckCart', { status: 403 });
  const [result] = await simulator.client().checkMany([ID]);
  assert.ok(Object.isFrozen(result));
  assert.equal(JSON.parse(JSON.stringify(result)).error.code, 'authentication');
  assert.ok(structuredClone(result).error instanceof Error);
});

it('a result can be given back as a cart', async () => {
  const simulator = await simulate();
  const client = simulator.client();
  const cart = await client.insertCart(ORDER);
  const stored = JSON.parse(JSON.stringify(cart));
  for (const given of [cart, stored, cart.transactionId, cart.transactionId.toUpperCase(), await client.checkCart(cart)]) {
    assert.equal((await client.checkCart(given)).transactionId, cart.transactionId);
  }
  assert.equal((await failure(() => client.checkCart({ transactionId: 'x' }))).code, 'invalid_request');
});
