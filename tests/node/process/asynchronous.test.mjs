// Callers' functions that are asynchronous, and signals of other makes than Node's.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AbortController as PolyfilledController } from 'abort-controller';
import { CartPoll, OutcomeUnknownError } from 'netgiro';
import { failure, ID, insertAnswer, pause, QUICK, simulate, until, withServer } from '../harness.mjs';

const CUSTOMER = '8223281';

async function shop() {
  const simulator = await simulate();
  const client = simulator.client();
  const insert = (reference) => client.insertCart({ amount: 4990, reference, customerId: CUSTOMER });
  return { simulator, client, insert };
}

/** What goes unhandled while `use` runs, and a little longer. */
async function unhandled(use) {
  const seen = [];
  const note = (reason) => seen.push(reason);
  process.on('unhandledRejection', note);
  try {
    await use();
    await pause(20);
  } finally {
    process.off('unhandledRejection', note);
  }
  return seen;
}

describe('an asynchronous onUpdate', () => {
  for (const name of ['waitForCart', 'settleCart']) {
    it(`ends ${name} by its rejection`, async () => {
      const { client, insert } = await shop();
      const cart = await insert('order-1');
      const full = new Error('the disk is full');
      const seen = await unhandled(async () => {
        const onUpdate = async () => {
          await pause(1);
          throw full;
        };
        assert.equal(await failure(() => client[name](cart, { onUpdate, policy: QUICK })), full);
      });
      assert.deepEqual(seen, []);
      assert.equal((await client.checkCart(cart)).status, 'pending');
    });
  }

  it('is called for one change after another, and the wait ends after the last', async () => {
    const { simulator, client, insert } = await shop();
    const cart = await insert('order-1');
    const steps = [];
    const state = await client.waitForCart(cart, {
      policy: QUICK,
      onUpdate: async ({ status }) => {
        steps.push(`${status} begins`);
        if (status === 'pending') simulator.confirm(cart);
        await pause(60);
        steps.push(`${status} ends`);
      },
    });
    assert.ok(state.isPaid);
    assert.deepEqual(steps, ['pending begins', 'pending ends', 'confirmed begins', 'confirmed ends']);
  });

  it('ends the wait also when the cart has been decided before it rejects', async () => {
    const { simulator, client, insert } = await shop();
    const cart = await insert('order-1');
    simulator.confirm(cart);
    const late = new Error('too late');
    const onUpdate = () => pause(20).then(() => Promise.reject(late));
    assert.equal(await failure(() => client.waitForCart(cart, { onUpdate, policy: QUICK })), late);
  });

  it('does not hold an aborted wait', async () => {
    const { client, insert } = await shop();
    const cart = await insert('order-1');
    const controller = new AbortController();
    const onUpdate = () => {
      setTimeout(() => controller.abort());
      return new Promise(() => {});
    };
    const error = await failure(() => client.waitForCart(cart, { onUpdate, policy: QUICK, signal: controller.signal }));
    assert.equal(error.name, 'AbortError');
  });
});

describe('an asynchronous onProgress', () => {
  const wrong = new Error('no such column');
  const onProgress = async () => {
    throw wrong;
  };

  it('ends checkMany by its rejection', async () => {
    const { client, insert } = await shop();
    const carts = [await insert('order-1'), await insert('order-2')];
    const seen = await unhandled(async () => assert.equal(await failure(() => client.checkMany(carts, { onProgress })), wrong));
    assert.deepEqual(seen, []);
  });

  it('ends waitMany by its rejection', async () => {
    const { simulator, client, insert } = await shop();
    const carts = [await insert('order-1'), await insert('order-2')];
    simulator.confirm(carts[0]);
    const seen = await unhandled(async () => {
      const taken = async () => {
        for await (const { state } of client.waitMany(carts, { onProgress, policy: QUICK })) assert.ok(state.isPaid);
      };
      assert.equal(await failure(taken), wrong);
    });
    assert.deepEqual(seen, []);
  });

  it('is called for one answer after another, and the call ends after the last', async () => {
    const { client, insert } = await shop();
    const carts = await Promise.all([1, 2, 3, 4].map((n) => insert(`order-${n}`)));
    const seen = [];
    let inside = 0;
    const results = await client.checkMany(carts, {
      onProgress: async (done, total) => {
        inside += 1;
        assert.equal(inside, 1);
        await pause(5);
        inside -= 1;
        seen.push([done, total]);
      },
    });
    assert.equal(results.length, 4);
    assert.deepEqual(seen, [[1, 4], [2, 4], [3, 4], [4, 4]]);
  });
});

describe('a signal without a reason', () => {
  function aborted() {
    const controller = new PolyfilledController();
    controller.abort();
    assert.equal(controller.signal.reason, undefined);
    return controller.signal;
  }
  const rejected = async (call) => {
    const error = await failure(call);
    assert.equal(error.name, 'AbortError');
    assert.ok(error instanceof DOMException);
    assert.equal(error.code, DOMException.ABORT_ERR);
  };
  const consume = async (iterable) => {
    for await (const each of iterable) void each;
  };
  const calls = {
    insertCart: (client, signal) => client.insertCart({ amount: 4990, reference: 'order-1', customerId: CUSTOMER }, { signal }),
    checkCart: (client, signal) => client.checkCart(ID, { signal }),
    cancelCart: (client, signal) => client.cancelCart(ID, { signal }),
    confirmCart: (client, signal) => client.confirmCart(ID, { signal }),
    waitForCart: (client, signal) => client.waitForCart(ID, { signal }),
    settleCart: (client, signal) => client.settleCart(ID, { signal }),
    pollStep: (client, signal) => client.pollStep(new CartPoll(ID, { now: Date.now() - 10_000 }), { signal }),
    findByReference: (client, signal) => client.findByReference('order-1', { amount: 4990, signal }),
    refundCart: (client, signal) => client.refundCart(ID, 1000, { idempotencyKey: 'key', signal }),
    createCheckout: (client, signal) =>
      client.createCheckout(
        { amount: 1, reference: 'order-1', successUrl: 'https://shop.example/', cancelUrl: 'https://shop.example/' },
        { signal },
      ),
    getTransaction: (client, signal) => client.getTransaction(ID, { signal }),
    settlements: (client, signal) => client.settlements({ dateFrom: '2026-01-01', dateTo: '2026-01-31' }, { signal }),
    settlementItems: (client, signal) => client.settlementItems('100000-000069', { signal }),
    checkMany: (client, signal) => client.checkMany([ID], { signal }),
    'checkMany, each': (client, signal) => consume(client.checkMany([ID], { signal })),
    waitMany: (client, signal) => consume(client.waitMany([ID], { signal })),
    watchCart: (client, signal) => consume(client.watchCart(ID, { signal })),
  };
  for (const [name, call] of Object.entries(calls)) {
    it(`ends ${name} by an AbortError, aborted before`, async () => {
      await withServer(() => 'hang', async (server) => {
        await rejected(() => call(server.client(), aborted()));
        assert.equal(server.requests.length, 0);
      });
    });

    it(`ends ${name} by an AbortError, aborted meanwhile`, async () => {
      await withServer(() => 'hang', async (server) => {
        const controller = new PolyfilledController();
        const ended = rejected(() => call(server.client(), controller.signal));
        await until(() => server.requests.length > 0, 'the request is there');
        controller.abort();
        await ended;
      });
    });
  }

  it('is the cause of an insert whose outcome is unknown', async () => {
    await withServer(() => 'hang', async (server) => {
      const controller = new PolyfilledController();
      const ended = failure(() => calls.insertCart(server.client(), controller.signal));
      await until(() => server.requests.length > 0, 'the request is there');
      controller.abort();
      const { cause } = await ended;
      assert.ok(cause instanceof OutcomeUnknownError);
      assert.equal(cause.reference, 'order-1');
      assert.equal(cause.cause.name, 'AbortError');
    });
  });

  it('does no harm to a call that it does not end', async () => {
    await withServer(() => insertAnswer(), async (server) => {
      const { signal } = new PolyfilledController();
      assert.equal((await calls.insertCart(server.client(), signal)).transactionId, ID);
    });
  });
});
