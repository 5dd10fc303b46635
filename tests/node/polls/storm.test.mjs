// The storm: three of ten calls fail, customers do as they like, and nothing is lost. 50 carts, or with
// NETGIRO_STORM=full 1,000; NETGIRO_STORM_SEED chooses another storm.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CartPoll, OutcomeUnknownError, UnresolvedError, WaitTimeoutError } from 'netgiro';
import { failure, full, pause, simulate } from '../harness.mjs';

const seed = Number(process.env.NETGIRO_STORM_SEED ?? 2019);
const POLICY = { minIntervalMs: 10, defaultIntervalMs: 20, maxIntervalMs: 30 };
const within = (timeoutMs) => ({ timeoutMs, policy: POLICY });
// Settling is patient for twenty intervals: with this, long enough on the busiest machine.
const PATIENTLY = { timeoutMs: 50, policy: { minIntervalMs: 3000 } };

function order(number) {
  const confirmationType = number % 5 === 4 ? 'manual' : 'automatic';
  return { amount: 1000 + number, reference: `order-${number}`, customerId: '8223281', confirmationType };
}

/** A shop's way with one order, from the insert to the end. */
async function sell(client, number) {
  let cart;
  try {
    cart = await client.insertCart(order(number));
  } catch (error) {
    const unknown = error instanceof OutcomeUnknownError;
    assert.equal(unknown, typeof error.reference === 'string');
    return { insert: unknown ? 'insert unknown' : 'not inserted' };
  }
  try {
    return { state: await follow(client, cart, number) };
  } catch (error) {
    assert.ok(error instanceof UnresolvedError && error.retryable, `${number}: ${error.stack}`);
    return { unresolved: error.poll.toJson() };
  }
}

/** Shops differ: some settle at once, some wait first, some go step by step. */
async function follow(client, cart, number) {
  let from = cart;
  if (number % 3 > 0) {
    try {
      const state = number % 3 === 1 ? await client.waitForCart(cart, within(150)) : await stepByStep(client, cart);
      return await finish(client, cart, state);
    } catch (error) {
      // Nothing else ends a wait in a storm; where `finish` could not learn how it ended, that stands.
      if (error instanceof UnresolvedError) throw error;
      assert.ok(error instanceof WaitTimeoutError, error.stack);
      from = error.poll;
    }
  }
  return await finish(client, cart, await client.settleCart(from, within(200)));
}

/** As a job queue does it: the poll is kept as text between two steps. */
async function stepByStep(client, cart) {
  let kept = JSON.stringify(new CartPoll(cart, within(150)));
  for (;;) {
    const poll = await client.pollStep(kept);
    if (poll.isDone) return poll.state;
    await pause(Math.max(0, poll.nextCheckAt - Date.now()));
    kept = JSON.stringify(poll);
  }
}

/** What is reserved is made a payment, or released again; either may fail as often as it likes. */
async function finish(client, cart, reached) {
  let state = reached;
  while (state.status === 'reserved') {
    const confirmed = await client.confirmCart(cart).catch(() => null);
    if (confirmed?.isFinal) return confirmed;
    state = await client.settleCart(cart, within(100));
  }
  return state;
}

function assertTrue(told, held) {
  assert.ok(told.isFinal, `${held.reference}: ${told.status}`);
  assert.deepEqual([told.status, told.isPaid], [held.status, held.isPaid], held.reference);
}

/** After a storm, what it hid is learnt from the token. */
async function learn(simulator, patient, token) {
  const poll = CartPoll.fromJson(token);
  let state = await patient.settleCart(poll, PATIENTLY);
  if (state.status === 'reserved') state = await patient.confirmCart(poll);
  assertTrue(state, simulator.cart(poll));
}

/** Does `work` for each number, 32 at a time. */
async function inParallel(count, work) {
  const outcomes = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const number = next;
      next += 1;
      outcomes[number] = await work(number);
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  return outcomes;
}

/** A shop's client, which soon gives an answer up, and a patient one for what is to be answered. */
async function open() {
  const simulator = await simulate({ seed, checkIntervalMs: 20 });
  return { simulator, client: simulator.client({ timeoutMs: 250 }), patient: simulator.client({ timeoutMs: 60_000 }) };
}

it('nothing is lost in a storm', async (t) => {
  const carts = full ? 1000 : 50;
  const { simulator, client, patient } = await open();
  simulator.storm({ seed });
  const told = await inParallel(carts, (number) => sell(client, number));

  // In the storm: each order has been asked for once, and what was told is true.
  const held = new Map(simulator.carts().map((cart) => [cart.reference, cart]));
  assert.equal(held.size, simulator.carts().length, 'no order has two carts');
  const requests = simulator.requests();
  assert.ok(requests.filter(({ endpoint }) => endpoint === 'InsertCart').length <= carts);
  assert.ok(requests.every(({ signatureOk }) => signatureOk));
  const failed = requests.filter(({ status }) => status !== 200).length;
  assert.ok(failed * 10 > requests.length, `${failed} of ${requests.length} requests: what a storm`);

  const tally = {};
  for (const [number, { insert, state, unresolved }] of told.entries()) {
    const cart = held.get(`order-${number}`);
    if (state) assertTrue(state, cart);
    if (insert === 'not inserted') assert.equal(cart, undefined);
    const kind = insert ?? state?.status ?? (unresolved && 'unresolved');
    tally[kind] = (tally[kind] ?? 0) + 1;
  }
  t.diagnostic(`seed ${seed}, ${requests.length} requests, ${failed} without a 200: ${JSON.stringify(tally)}`);
  for (const kind of ['confirmed', 'canceled', 'insert unknown']) assert.ok(tally[kind] > 0, kind);

  // After it: whatever could not be learnt is learnt from its token.
  simulator.clearFaults();
  for (const { unresolved } of told) if (unresolved) await learn(simulator, patient, unresolved);
  // Every cart that is paid was told to be, unless its insert was not: that order is known by its reference.
  for (const cart of simulator.carts().filter(({ isPaid }) => isPaid)) {
    const { insert, state, unresolved } = told[Number(cart.reference.slice('order-'.length))];
    assert.ok(state ? state.isPaid : unresolved || insert === 'insert unknown', `${cart.reference} is paid`);
  }
});

it('what a worse storm hides is unresolved, and learnt when it is over', async (t) => {
  const { simulator, client, patient } = await open();
  simulator.storm({ seed, failureRate: 0 });
  const carts = await Promise.all(Array.from({ length: 24 }, (_, number) => patient.insertCart(order(number))));
  simulator.storm({ seed, failureRate: 0.95 });
  const told = await Promise.all(carts.map((cart) => client.settleCart(cart, within(200)).catch((error) => error)));
  simulator.clearFaults();
  let unresolved = 0;
  for (const [at, outcome] of told.entries()) {
    if (outcome instanceof Error) {
      assert.ok(outcome instanceof UnresolvedError, outcome.stack);
      await learn(simulator, patient, outcome.poll.toJson());
      unresolved += 1;
    } else if (outcome.status !== 'reserved') assertTrue(outcome, simulator.cart(carts[at]));
  }
  t.diagnostic(`seed ${seed}: ${unresolved} of ${carts.length} unresolved`);
  assert.ok(unresolved > 0);
});

it('waitMany in a storm tells the truth as well', async () => {
  const { simulator, client, patient } = await open();
  simulator.storm({ seed, failureRate: 0 });
  const carts = await Promise.all(Array.from({ length: 50 }, (_, number) => patient.insertCart(order(number))));
  simulator.storm({ seed });
  let settled = 0;
  for await (const { transactionId, state, error } of client.waitMany(carts, within(600))) {
    settled += 1;
    const cart = simulator.cart(transactionId);
    if (state?.isFinal) assertTrue(state, cart);
    else assert.ok(state?.status === 'reserved' || error instanceof WaitTimeoutError, `${error?.stack}`);
  }
  assert.equal(settled, carts.length);
});

it('a storm that is none is refused', async () => {
  const simulator = await simulate();
  for (const storm of [{ failureRate: 2 }, { failureRate: NaN }, { seed: -1 }, { seed: 0.5 }, { reactionMs: -1 }, { wind: 1 }]) {
    assert.equal((await failure(() => simulator.storm(storm))).code, 'invalid_request', JSON.stringify(storm));
  }
});
