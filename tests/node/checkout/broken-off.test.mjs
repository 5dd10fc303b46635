// insertCart that is aborted: whether the customer may have been asked, and who is told.

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Client, OutcomeUnknownError } from 'netgiro';
import { APP_KEY, failure, SECRET, simulate, until, withServer } from '../harness.mjs';

const CUSTOMER = '8223281';
const ORDER = { amount: 4990, reference: 'order-1001', customerId: CUSTOMER };

const heard = [];
const warned = [];
process.on('warning', (warning) => warned.push(warning));
const listener = (event) => heard.push(event);
subscribe('netgiro:request', listener);
after(() => unsubscribe('netgiro:request', listener));

/** What an insert rejects with that is aborted once the server has it. */
function aborted(abort, makeSignal) {
  return withServer(
    () => 'hang',
    async (server) => {
      heard.length = 0;
      warned.length = 0;
      const controller = new AbortController();
      const signal = makeSignal?.(controller.signal) ?? controller.signal;
      const pending = failure(() => server.client().insertCart(ORDER, { signal }));
      await until(() => server.requests.length === 1, 'the request', 60_000);
      abort(controller);
      const error = await pending;
      assert.equal(server.requests.length, 1);
      await until(() => warned.length > 0, 'the warning', 60_000);
      return { error, reason: signal.reason };
    },
  );
}

function mayHaveBeenAsked({ error, reason }, name = 'AbortError') {
  assert.equal(error.name, name);
  assert.ok(error instanceof Error && error instanceof DOMException);
  assert.ok(error.cause instanceof OutcomeUnknownError, inspect(error));
  assert.equal(error.cause.code, 'outcome_unknown');
  assert.equal(error.cause.reference, 'order-1001');
  assert.equal(error.cause.requestSent, 'maybe');
  assert.equal(error.cause.retryable, false);
  assert.match(error.cause.message, /customer may have been asked to pay, so do not insert it again/);
  assert.equal(error.cause.cause, reason);
  assert.ok(!inspect(error, { showHidden: true }).includes(CUSTOMER));
  assert.deepEqual(
    heard.map((event) => [event.endpoint, event.error, event.reference]),
    [['InsertCart', 'outcome_unknown', 'order-1001']],
  );
  assert.deepEqual(
    warned.map((warning) => [warning.name, warning.code, warning.message]),
    [['NetgiroWarning', 'outcome_unknown', error.cause.message]],
  );
  assert.ok(Object.isFrozen(heard[0]) && !JSON.stringify(heard).includes(CUSTOMER));
}

describe('an insertCart that is aborted after a byte has left', () => {
  it('says so, whatever the reason is, and leaves the reason alone', async () => {
    const shared = Object.freeze(new Error('the shop closes'));
    const hostile = {
      get name() {
        throw new Error('not to be read');
      },
    };
    for (const reason of [undefined, 'text', null, 0, shared, Object.freeze({}), Symbol('s'), hostile]) {
      const outcome = await aborted((controller) => controller.abort(reason));
      mayHaveBeenAsked(outcome);
      if (reason !== undefined) assert.equal(outcome.error.cause.cause, reason);
    }
    assert.equal(shared.cause, undefined);
  });

  it('is a TimeoutError where the signal has timed out', async () => {
    // As AbortSignal.timeout has it.
    const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    mayHaveBeenAsked(await aborted((controller) => controller.abort(reason)), 'TimeoutError');
    assert.equal(reason.cause, undefined);
  });

  it('is the same with a signal made of others', async () => {
    const any = (signal) => AbortSignal.any([signal, AbortSignal.timeout(600_000)]);
    mayHaveBeenAsked(await aborted((controller) => controller.abort(), any));
  });

  it('tells two orders on one signal apart', () =>
    withServer(
      () => 'hang',
      async (server) => {
        const controller = new AbortController();
        const { signal } = controller;
        const client = server.client();
        const both = ['order-1', 'order-2'].map((reference) =>
          failure(() => client.insertCart({ ...ORDER, reference }, { signal })),
        );
        await until(() => server.requests.length === 2, 'both requests', 60_000);
        controller.abort();
        const [first, second] = await Promise.all(both);
        assert.equal(first.cause.reference, 'order-1');
        assert.equal(second.cause.reference, 'order-2');
      },
    ));

  it('survives JSON and a log', async () => {
    const { error } = await aborted((controller) => controller.abort());
    assert.match(inspect(error), /cause.*OutcomeUnknownError/s);
    assert.equal(JSON.parse(JSON.stringify(error.cause)).code, 'outcome_unknown');
  });
});

describe('an insertCart that is aborted before a byte has left', () => {
  it('rejects with the reason itself: nobody was asked', async () => {
    heard.length = 0;
    // It takes connections and never says a word: over TLS, nothing can be sent to it.
    const sockets = [];
    const mute = createServer((socket) => sockets.push(socket.on('error', () => {})));
    await once(mute.listen(0, '127.0.0.1'), 'listening');
    const client = new Client({
      appKey: APP_KEY,
      secretKey: SECRET,
      baseUrl: `https://127.0.0.1:${mute.address().port}/`,
      timeoutMs: 60_000,
    });
    const controller = new AbortController();
    const pending = failure(() => client.insertCart(ORDER, { signal: controller.signal }));
    await until(() => sockets.length === 1, 'the connection', 60_000);
    controller.abort();
    assert.equal(await pending, controller.signal.reason);
    assert.equal(controller.signal.reason.cause, undefined);
    assert.deepEqual(heard, []);
    for (const socket of sockets) socket.destroy();
    mute.close();
  });
});

describe('an insertCart in flight', () => {
  it('is no crash where its worker is terminated', () =>
    withServer(
      () => 'hang',
      async ({ requests, baseUrl }) => {
        const source = `
          const { subscribe } = require('node:diagnostics_channel');
          const { workerData } = require('node:worker_threads');
          const { Client } = require('netgiro');
          subscribe('netgiro:request', () => {});
          new Client(workerData).insertCart(${JSON.stringify(ORDER)});
        `;
        const workerData = { appKey: APP_KEY, secretKey: SECRET, baseUrl };
        const worker = new Worker(source, { eval: true, workerData });
        await until(() => requests.length === 1, 'the request', 60_000);
        await worker.terminate();
        const simulator = await simulate();
        assert.ok(await simulator.client().insertCart(ORDER));
      },
    ));

  it('goes on to its end where its client is closed', async () => {
    const simulator = await simulate();
    simulator.addFault('InsertCart', { delayMs: 200 });
    const client = simulator.client();
    const pending = client.insertCart(ORDER);
    client.close();
    assert.equal((await pending).reference, 'order-1001');
  });
});
