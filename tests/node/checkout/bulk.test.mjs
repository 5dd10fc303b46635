import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { AuthenticationError, ConnectError, InvalidRequestError, MismatchError, ServerError } from 'netgiro';
import { APP_KEY, checkAnswer, failure, ID, QUICK, SECRET, simulate, withServer } from '../harness.mjs';

const ORDER = { amount: 4990, reference: 'order-17', customerId: '8223281' };
const order = (n) => ({ ...ORDER, amount: 1000 + n, reference: `order-${n}` });

async function shopWith(count, options = {}) {
  const simulator = await simulate({ checkIntervalMs: null, ...options });
  const client = simulator.client();
  const carts = [];
  for (let n = 0; n < count; n += 1) carts.push(await client.insertCart(order(n)));
  const asked = () => simulator.requests().filter(({ endpoint }) => endpoint === 'CheckCart').map((r) => r.transactionId);
  return { simulator, client, carts, asked, ids: carts.map(({ transactionId }) => transactionId) };
}

const words = (results) => results.map(({ state, error }) => state?.status ?? error.code);

describe('the pace', () => {
  it('is no faster than the rate', async () => {
    const { client, ids } = await shopWith(3);
    const started = performance.now();
    const results = await client.checkMany(Array.from({ length: 30 }, (_, n) => ids[n % 3]), { rate: 100 });
    assert.ok(performance.now() - started >= 280);
    assert.ok(results.isComplete);
    for await (const { error } of client.waitMany([...ids, ...ids], { timeoutMs: 1, rate: 100 })) {
      assert.equal(error.code, 'wait_timeout');
    }
    await assert.rejects(client.checkMany(ids, { rate: 0 }), /rate must be a number of calls a second/);
    await assert.rejects(client.checkMany(ids, { retryForMs: -1 }), /retryForMs/);
    await assert.rejects(client.checkMany(ids, { rate: 'fast' }), InvalidRequestError);
    assert.throws(() => client.waitMany(ids, { rate: -1 }), /rate/);
  });

  it('slows down where it is too much, and loses none', async () => {
    const { simulator, client, carts, asked } = await shopWith(20);
    simulator.addFault('CheckCart', { status: 429, count: 3 });
    const results = await client.checkMany(carts, { concurrency: 4 });
    assert.deepEqual(words(results), Array(20).fill('pending'));
    assert.equal(asked().length, 23);
  });
});

describe('what fails', () => {
  it('is tried again while there is time', async () => {
    const { simulator, client, carts } = await shopWith(3);
    simulator.addFault('CheckCart', { status: 503, count: 4 });
    assert.deepEqual(words(await client.checkMany(carts)), Array(3).fill('pending'));
    simulator.addFault('CheckCart', { status: 503 });
    const [first] = await client.checkMany(carts, { retryForMs: 0, concurrency: 1 });
    assert.ok(first.error instanceof ServerError);
  });

  it('ends it all where the keys are not let in', async () => {
    const { simulator, client, carts, asked } = await shopWith(40);
    simulator.addFault('CheckCart', { status: 401, count: 1000 });
    const results = await client.checkMany(carts, { concurrency: 2 });
    assert.equal(results.length, 40);
    assert.ok(results.every(({ error }) => error instanceof AuthenticationError));
    assert.ok(asked().length <= 4);
    assert.match(results[39].error.message, /not asked: 3 checks in a row were not let in/);
    assert.equal(results[39].error.requestSent, 'no');
  });

  it('ends it all when there is an outage', async () => {
    const { simulator, client } = await shopWith(0);
    await simulator.close();
    const results = await client.checkMany(Array(2000).fill(ID), { retryForMs: 500 });
    assert.ok(results.every(({ error }) => error instanceof ConnectError));
    assert.match(results[1999].error.message, /not asked/);
  });
});

describe('results as they come', () => {
  it('are those of the promise', async () => {
    const { simulator, client, carts, ids } = await shopWith(10);
    simulator.confirm(carts[3]);
    const checking = client.checkMany(carts);
    const seen = [];
    for await (const result of checking) seen.push(result);
    const results = await checking;
    assert.deepEqual(results.map(({ transactionId }) => transactionId), ids);
    assert.deepEqual(new Set(seen), new Set(results));
    assert.ok(Object.isFrozen(results) && Array.isArray(results));
    assert.deepEqual([results.total, results.isComplete], [10, true]);
    assert.deepEqual(Object.keys(results), Object.keys([...results]), 'nothing that JSON or structuredClone would see');
    // It can be gone through again.
    let again = 0;
    for await (const result of checking) again += result === results[again] || result ? 1 : 0;
    assert.equal(again, 10);
  });

  it('stop when the loop is left, and are kept', async () => {
    const { client, carts, asked } = await shopWith(30);
    const checking = client.checkMany(carts, { rate: 100 });
    let seen = 0;
    for await (const { state } of checking) {
      assert.equal(state.status, 'pending');
      seen += 1;
      if (seen === 5) break;
    }
    assert.equal((await failure(() => checking)).name, 'AbortError');
    const kept = checking.results;
    assert.ok(kept.length >= 5 && kept.length < 30 && !kept.isComplete && kept.total === 30);
    const before = asked().length;
    const results = await client.checkMany(carts, { resume: kept });
    assert.ok(results.isComplete);
    assert.ok(asked().length - before <= 30 - kept.length);
  });

  it('come although others take long', () =>
    withServer(
      (_, index) => (index === 0 ? checkAnswer(10425) : 'hang'),
      async (server) => {
        const seen = [];
        for await (const { state } of server.client({ timeoutMs: 600_000 }).checkMany([ID, ID])) {
          seen.push(state.status);
          break;
        }
        assert.deepEqual(seen, ['pending']);
      },
    ));

  it('tell a loop of a refusal, and nobody else', async () => {
    const { client } = await shopWith(0);
    await assert.rejects(async () => {
      for await (const result of client.checkMany(['nonsense'])) assert.fail(result);
    }, /carts\[0\]/);
    await assert.rejects(client.checkMany(7), /checkMany takes an array/);
  });
});

describe('an aborted call', () => {
  it('keeps what is done, and another goes on from there', async () => {
    const { client, carts, ids, asked } = await shopWith(30);
    const controller = new AbortController();
    const checking = client.checkMany(carts, {
      concurrency: 2,
      signal: controller.signal,
      onProgress: (done) => done === 7 && controller.abort(),
    });
    assert.equal(await failure(() => checking), controller.signal.reason);
    // Through JSON, as it would be kept in a file.
    const saved = JSON.parse(JSON.stringify(checking.results));
    assert.ok(saved.length >= 7 && saved.length < 30);
    const known = new Set(saved.map(({ transactionId }) => transactionId));
    const before = asked().length;
    const progress = [];
    const results = await client.checkMany(carts, { resume: saved, onProgress: (done) => progress.push(done) });
    assert.ok(asked().slice(before).every((id) => !known.has(id)));
    assert.deepEqual(results.map(({ transactionId }) => transactionId), ids);
    assert.deepEqual(progress, Array.from({ length: 30 }, (_, n) => n + 1));
  });

  it('before it began has done nothing', async () => {
    const { client, carts, asked } = await shopWith(2);
    const checking = client.checkMany(carts, { signal: AbortSignal.abort() });
    assert.equal((await failure(() => checking)).name, 'AbortError');
    assert.deepEqual([...checking.results], []);
    assert.equal(checking.results.isComplete, false);
    assert.deepEqual(asked(), []);
  });
});

describe('resume', () => {
  it('asks again about what failed, and about what is known of another order', async () => {
    const { simulator, client, carts } = await shopWith(3);
    simulator.confirm(carts[1]);
    simulator.addFault('CheckCart', { status: 400 });
    const first = await client.checkMany(carts, { concurrency: 1 });
    assert.deepEqual(words(first), ['api', 'confirmed', 'pending']);
    assert.deepEqual(words(await client.checkMany(carts, { resume: first })), ['pending', 'confirmed', 'pending']);
    const mistaken = { ...carts[1], amount: 1 };
    const [mismatch] = await client.checkMany([mistaken], { resume: first });
    assert.ok(mismatch.error instanceof MismatchError);
    for (const wrong of [[7], [null], [{ state: { status: 'paid' } }]]) {
      await assert.rejects(client.checkMany(carts, { resume: wrong }), /resume\[0\]/);
    }
    await assert.rejects(client.checkMany(carts, { resume: 'file.json' }), /earlier results/);
  });

  it('goes on waiting', async () => {
    const { simulator, client, carts, asked } = await shopWith(2);
    simulator.confirm(carts[0]);
    const first = [];
    for await (const result of client.waitMany(carts, { timeoutMs: 30, policy: QUICK })) first.push(result);
    assert.deepEqual(words(first), ['confirmed', 'wait_timeout']);
    simulator.confirm(carts[1]);
    for (const resume of [first, JSON.parse(JSON.stringify(first))]) {
      const before = asked().length;
      const settled = [];
      for await (const result of client.waitMany(carts, { resume })) settled.push(result);
      assert.deepEqual(words(settled), ['confirmed', 'confirmed']);
      assert.deepEqual([...new Set(asked().slice(before))], [carts[1].transactionId]);
    }
  });
});

describe('tables', () => {
  it('are CSV', async () => {
    const { simulator, client } = await shopWith(0);
    const cart = await client.insertCart({ ...ORDER, reference: 'a "quoted", long one' });
    simulator.confirm(cart);
    simulator.addFault('CheckCart', { status: 400 });
    const lines = (await client.checkMany([ID, cart], { concurrency: 1 })).toCSV().split('\r\n');
    assert.match(lines[0], /^transactionId,reference,amount,status,isPaid,resultCode,/);
    assert.match(lines[1], new RegExp(`^${ID},,,,,400,.*,api,Netgíró refused CheckCart`));
    assert.ok(lines[2].startsWith(`${cart.transactionId},"a ""quoted"", long one",${ORDER.amount},confirmed,true,10200,`));
    assert.equal(lines[3], '');
    assert.equal((await client.checkMany([])).toCSV().split('\r\n').length, 2);
  });

  it('are CSV without formulas, whatever separates cells', async () => {
    for (const [reference, cell] of [
      ['=1+1', "'=1+1"],
      ['a;=1+1', `"a;'=1+1"`],
      ['a\t@SUM(1)', `"a\t'@SUM(1)"`],
      ['a| -1+1', `"a|' -1+1"`],
      ['a\n＝1', `"a\n'＝1"`],
      ['-5', '-5'],
    ]) {
      // Control characters are refused in a reference that is sent, not in one that an answer holds.
      const payment = { TransactionId: ID, ReferenceNumber: reference, StatusId: 2, TotalAmount: 1000 };
      await withServer(
        () => checkAnswer(10200, { payment }),
        async (server) => {
          const [, line] = (await server.client().checkMany([ID])).toCSV().split(`${ID},`);
          assert.ok(line.startsWith(`${cell},`), line);
        },
      );
    }
  });

  it('are Arrow’s, with exact amounts', async () => {
    const { simulator, client, carts } = await shopWith(3, { decimals: 2 });
    simulator.confirm(carts[0]);
    simulator.addFault('CheckCart', { status: 400 });
    const table = (await client.checkMany([ID, ...carts], { concurrency: 1 })).toArrow();
    assert.equal(table.numRows, 4);
    const column = (name) => [...table.getChild(name)];
    assert.deepEqual(column('status'), [null, 'confirmed', 'pending', 'pending']);
    assert.deepEqual(column('isPaid'), [null, true, false, false]);
    assert.deepEqual(column('errorCode'), ['api', null, null, null]);
    const { type } = table.getChild('amount');
    assert.deepEqual([type.precision, type.scale], [38, 2]);
    const [units] = new BigInt64Array(table.getChild('amount').get(1).slice().buffer);
    assert.equal(units, 100_000n);
    assert.equal(table.getChild('amount').get(0), null);
    assert.ok(Math.abs(Number(table.getChild('checkedAt').get(1)) - Date.now()) < 60_000);
  });

  it('say which package they need', async () => {
    const program = `
      const { Simulator } = require('netgiro');
      const Module = require('node:module');
      const resolve = Module._resolveFilename;
      Module._resolveFilename = function (name, ...rest) {
        if (name === 'apache-arrow') throw Object.assign(new Error('none'), { code: 'MODULE_NOT_FOUND' });
        return resolve.call(this, name, ...rest);
      };
      Simulator.start().then(async (simulator) => {
        const results = await simulator.client().checkMany([]);
        try { results.toArrow(); } catch (error) { console.log(error.name, error.message); }
        await simulator.close();
      });`;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    child.stdout.on('data', (chunk) => (told += chunk));
    await once(child, 'close');
    assert.match(told, /ConfigurationError toArrow needs the package apache-arrow: npm install apache-arrow/);
  });
});

describe('memory', { skip: process.platform === 'linux' ? false : 'it is read from /proc' }, () => {
  it('takes no more than 1 KB a cart for 100,000 checks', async (t) => {
    const count = 100_000;
    const simulator = await simulate({ history: 10 });
    const program = `
      const { readFileSync } = require('node:fs');
      const { Client } = require('netgiro');
      const resident = () => {
        gc();
        return Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[1]) * 4096;
      };
      (async () => {
        const client = Client.fromEnv();
        const ids = Array.from({ length: ${count} }, (_, n) => n.toString(16).padStart(8, '0') + '-0b0a-4908-8706-050403020100');
        for (let n = 0; n < 3; n += 1) await client.checkMany(ids.slice(0, 5000));
        const before = resident();
        let done = 0;
        for await (const { state } of client.checkMany(ids)) done += state ? 1 : 0;
        console.log(done, resident() - before);
      })();`;
    const env = { ...process.env, NETGIRO_APP_KEY: APP_KEY, NETGIRO_SECRET_KEY: SECRET, NETGIRO_BASE_URL: simulator.url };
    const args = ['--expose-gc', '--max-semi-space-size=1', '-e', program];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    child.stdout.on('data', (chunk) => (told += chunk));
    await once(child, 'close');
    const [done, grown] = told.split(' ').map(Number);
    assert.equal(done, count);
    t.diagnostic(`${Math.round(grown / count)} bytes a cart`);
    assert.ok(grown <= 1024 * count, `${grown / count} bytes a cart`);
  });
});

it('a server that is slow to answer is asked no more than it may be', () =>
  withServer(
    () => new Promise((resolve) => setTimeout(() => resolve({ status: 500 }), 20)),
    async (server) => {
      const results = await server.client().checkMany(Array(12).fill(ID), { concurrency: 3, retryForMs: 200 });
      assert.ok(results.every(({ error }) => error.httpStatus === 500));
    },
  ));
