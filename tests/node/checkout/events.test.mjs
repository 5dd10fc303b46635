// What a client tells of itself: the channels `netgiro:request` and `netgiro:poll`, and the recipe in
// `docs/production/observability.md`.

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { CartPoll } from 'netgiro';
import { checkAnswer, failure, ID, QUICK, root, simulate, until, withServer } from '../harness.mjs';

const run = promisify(execFile);
const ORDER = { amount: 4990, reference: 'order-17', customerId: '8223281' };

/** Listens for as long as `use` runs. */
async function listening(use, topics = ['netgiro:request', 'netgiro:poll']) {
  const heard = [];
  const listeners = topics.map((topic) => [topic, (event, name) => heard.push({ name, event })]);
  for (const [topic, listener] of listeners) subscribe(topic, listener);
  try {
    await use(heard);
  } finally {
    for (const [topic, listener] of listeners) unsubscribe(topic, listener);
  }
}

const of = (heard, topic) => heard.filter(({ name }) => name === topic).map(({ event }) => event);

describe('netgiro:request', () => {
  it('tells of each call', () =>
    listening(async (heard) => {
      const simulator = await simulate();
      const client = simulator.client();
      const cart = await client.insertCart(ORDER);
      assert.equal(heard.length, 1, 'before the promise is settled');
      const { referenceId } = await client.cancelCart(cart);
      const { transactionId } = cart;
      const [inserted, canceled] = heard.map(({ event: { durationMs, ...event } }) => {
        assert.ok(durationMs > 0, `${durationMs}`);
        return event;
      });
      const usual = { transactionId, attempt: 1, httpStatus: 200, error: null };
      const expected = { ...usual, endpoint: 'InsertCart', resultCode: 200, referenceId: cart.referenceId };
      assert.deepEqual(inserted, expected);
      assert.deepEqual(canceled, { ...usual, endpoint: 'CancelCart', resultCode: 10201, referenceId });
      for (const { event } of heard) assert.ok(Object.isFrozen(event));
    }));

  it('tells of each repetition, and of what went wrong', () =>
    listening(async (heard) => {
      const simulator = await simulate();
      simulator.addFault('CheckCart', { status: 503 });
      simulator.addFault('CheckCart', { drop: 'before' });
      await simulator.client().checkCart(ID);
      const told = heard.map(({ event: { attempt, httpStatus, resultCode, error } }) => [attempt, httpStatus, resultCode, error]);
      assert.deepEqual(told, [
        [1, 503, 500, 'server'],
        [2, null, null, 'server'],
        [3, 200, 10201, null],
      ]);
    }));

  it('tells of the requests of bulk calls, one for each', () =>
    listening(async (heard) => {
      const client = (await simulate()).client();
      await client.checkMany(Array.from({ length: 20 }, () => ID));
      assert.equal(heard.length, 20);
    }));
});

describe('netgiro:poll', () => {
  it('tells of each step, and when the next one is', () =>
    listening(async (heard) => {
      const simulator = await simulate();
      const client = simulator.client();
      const began = Date.now();
      const cart = await client.insertCart(ORDER);
      simulator.addFault('CheckCart', { signature: 'valid' });
      simulator.addFault('CheckCart', { status: 500 });
      simulator.addFault('CheckCart', { confirmDuring: true });
      await client.waitForCart(cart, { policy: QUICK });
      const { transactionId } = cart;
      const [first, second, third, ...more] = of(heard, 'netgiro:poll');
      assert.deepEqual(more, []);
      assert.ok(began <= first.nextCheckAt && first.nextCheckAt < second.nextCheckAt);
      assert.deepEqual(
        [first, second].map((event) => ({ ...event, nextCheckAt: 'later' })),
        [
          { transactionId, status: 'pending', error: null, nextCheckAt: 'later', isDone: false },
          { transactionId, status: null, error: 'server', nextCheckAt: 'later', isDone: false },
        ],
      );
      assert.deepEqual(third, { transactionId, status: 'confirmed', error: null, nextCheckAt: null, isDone: true });
      assert.ok(Object.isFrozen(third));
      assert.equal(of(heard, 'netgiro:request').length, 4);
    }));

  it('tells of pollStep and waitMany, too', () =>
    withServer(
      () => checkAnswer(10202),
      (server) =>
        listening(async (heard) => {
          const client = server.client();
          await client.pollStep(new CartPoll(ID));
          for await (const { state } of client.waitMany([ID, ID])) assert.ok(state);
          assert.deepEqual(of(heard, 'netgiro:poll').map(({ status, isDone }) => [status, isDone]), Array(3).fill(['canceled', true]));
        }),
    ));

  it('tells of a 10201 that is not believed at once that the poll goes on', () =>
    listening(async (heard) => {
      const client = (await simulate({ unknownCartCode: 10201 })).client();
      const poll = await client.pollStep(new CartPoll(ID));
      const [{ status, isDone, nextCheckAt }, ...more] = of(heard, 'netgiro:poll');
      assert.deepEqual([status, isDone, nextCheckAt, more], ['canceled', false, poll.nextCheckAt, []]);
    }));
});

describe('subscribers', () => {
  it('of one channel get nothing of the other', () =>
    listening(async (heard) => {
      const client = (await simulate()).client();
      await client.pollStep(new CartPoll(ID));
      assert.deepEqual(heard.map(({ name }) => name), ['netgiro:poll']);
    }, ['netgiro:poll']));

  it('are called in the context of the caller', async () => {
    const storage = new AsyncLocalStorage();
    const seen = [];
    const listener = ({ transactionId }) => seen.push([transactionId, storage.getStore()]);
    subscribe('netgiro:request', listener);
    const client = (await simulate()).client();
    const ids = Array.from({ length: 20 }, (_, n) => ID.slice(0, -2) + String(10 + n));
    await Promise.all(ids.map((id) => storage.run(`call of ${id}`, () => client.checkCart(id))));
    unsubscribe('netgiro:request', listener);
    assert.deepEqual(seen.sort(), ids.map((id) => [id, `call of ${id}`]));
  });

  it('may come while a call is in flight, and go', () =>
    withServer(
      () => checkAnswer(10425),
      async (server) => {
        const client = server.client();
        const controller = new AbortController();
        const waiting = failure(() => client.waitForCart(ID, { policy: QUICK, signal: controller.signal }));
        await until(() => server.requests.length > 1, 'polls');
        const events = [];
        const listener = (event) => events.push(event);
        subscribe('netgiro:poll', listener);
        // Whatever is called next lets the compiled half know.
        await client.checkCart(ID);
        await until(() => events.length > 1, 'events of a wait that began before');
        unsubscribe('netgiro:poll', listener);
        await client.checkCart(ID);
        const { length } = events;
        await until(() => server.requests.length > length + 5, 'more polls');
        assert.equal(events.length, length);
        controller.abort();
        await waiting;
      },
    ));

  it('hear nothing of a call that was aborted', () =>
    listening(async (heard) => {
      const simulator = await simulate();
      simulator.addFault('CheckCart', { delayMs: 30 });
      await failure(() => simulator.client().checkCart(ID, { signal: AbortSignal.timeout(5) }));
      await simulator.client().checkCart(ID);
      assert.equal(heard.length, 1);
    }));

  it('of a worker are its own', async () => {
    const { appKey, secretKey, url: baseUrl } = await simulate();
    const source = `
      const { subscribe } = require('node:diagnostics_channel');
      const { parentPort, workerData } = require('node:worker_threads');
      const { Client } = require('netgiro');
      subscribe('netgiro:request', ({ endpoint }) => parentPort.postMessage(endpoint));
      new Client(workerData).checkCart('${ID}');
    `;
    await listening(async (heard) => {
      const worker = new Worker(source, { eval: true, workerData: { appKey, secretKey, baseUrl } });
      assert.equal(await new Promise((resolve) => worker.once('message', resolve)), 'CheckCart');
      assert.deepEqual(heard, []);
    });
  });

  it('that throw do not disturb the call', async () => {
    const { appKey, secretKey, url: baseUrl } = await simulate();
    const source = `
      import { subscribe } from 'node:diagnostics_channel';
      import { Client } from 'netgiro';
      subscribe('netgiro:request', () => { throw new Error('of the subscriber'); });
      const told = [];
      process.on('uncaughtException', ({ message }) => told.push(message));
      const { status } = await new Client(${JSON.stringify({ appKey, secretKey, baseUrl })}).checkCart('${ID}');
      setImmediate(() => console.log(status, told.join()));
    `;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source], {
      cwd: new URL('.', import.meta.url).pathname,
    });
    assert.equal(stdout, 'canceled of the subscriber\n');
  });

  it('who are not there cost nothing: no event crosses', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const { parse } = JSON;
    const crossed = [];
    JSON.parse = (text, ...rest) => {
      crossed.push(text);
      return parse(text, ...rest);
    };
    try {
      await client.waitForCart(ID);
      assert.ok(crossed.length > 0 && crossed.every((text) => !text.includes('"attempt"') && !text.includes('"nextCheckAt"')));
      await listening(() => client.waitForCart(ID));
      assert.ok(crossed.some((text) => text.includes('"attempt"')), 'this test would notice');
    } finally {
      JSON.parse = parse;
    }
  });
});

/** The JavaScript of a section, by what its first line says. */
function recipe(starting) {
  const page = readFileSync(join(root, 'docs/production/observability.md'), 'utf8');
  const blocks = [...page.matchAll(/```js\n(.*?)```/gs)].map(([, source]) => source);
  return blocks.find((source) => source.startsWith(starting)) ?? assert.fail(`no recipe that starts with ${starting}`);
}

const sdk = await import('@opentelemetry/sdk-trace-base').catch(() => null);

describe('the recipe for OpenTelemetry', { skip: sdk ? false : '@opentelemetry/sdk-trace-base is not installed' }, () => {
  it('makes a span for each request, below the span that is active', async () => {
    const { context, SpanKind, SpanStatusCode, trace } = await import('@opentelemetry/api');
    const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
    const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = sdk;
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const exporter = new InMemorySpanExporter();
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
    const file = new URL('telemetry.mjs', import.meta.url);
    writeFileSync(file, recipe('// telemetry.mjs'));
    await import(file);

    const simulator = await simulate();
    const client = simulator.client();
    const cart = await client.insertCart(ORDER);
    exporter.reset();
    simulator.addFault('CheckCart', { status: 503 });
    simulator.addFault('CheckCart', { confirmDuring: true });
    await trace.getTracer('shop').startActiveSpan('checkout', async (span) => {
      await client.waitForCart(cart, { policy: QUICK });
      span.end();
    });

    const [failed, answered, checkout, ...more] = exporter.getFinishedSpans();
    assert.deepEqual(more, []);
    for (const span of [failed, answered]) {
      assert.equal(span.name, 'netgiro CheckCart');
      assert.equal(span.kind, SpanKind.CLIENT);
      assert.equal(span.parentSpanContext.spanId, checkout.spanContext().spanId);
      const [seconds, nanoseconds] = span.duration;
      assert.ok(seconds === 0 && nanoseconds > 0);
      assert.equal(span.attributes['netgiro.transaction_id'], cart.transactionId);
    }
    assert.deepEqual([failed.status.code, failed.attributes['error.type']], [SpanStatusCode.ERROR, 'server']);
    assert.equal(failed.attributes['http.response.status_code'], 503);
    assert.deepEqual([answered.status.code, answered.attributes['netgiro.result_code']], [SpanStatusCode.UNSET, 10200]);
    assert.ok(!('error.type' in answered.attributes));
    const polls = checkout.events.map(({ name, attributes }) => [name, attributes['netgiro.status'], attributes['error.type']]);
    assert.deepEqual(polls, [
      ['netgiro poll', undefined, 'server'],
      ['netgiro poll', 'confirmed', undefined],
    ]);
    trace.disable();
    context.disable();
  });
});

it('the recipe for logging works as it stands', async () => {
  const { appKey, secretKey, url: baseUrl } = await simulate();
  const source = `${recipe('import { subscribe }')}
    const { Client } = await import('netgiro');
    await new Client(${JSON.stringify({ appKey, secretKey, baseUrl })}).checkCart('${ID}');
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: new URL('.', import.meta.url).pathname,
  });
  assert.match(stdout, /^CheckCart #1: 10201 in \d+ ms [\w-]+\n$/);
});
