// Options are own members of a plain object. Anything else is refused by name, before anything is sent: what is passed by
// would be an option that somebody relies on.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import vm from 'node:vm';
import { CartPoll, Client, InvalidRequestError, MemoryReplayGuard, NetgiroError, Simulator } from 'netgiro';
import { simulatorFor, useSimulator } from 'netgiro/testing';
import { APP_KEY, checkAnswer, expectedSignature, failure, ID, QUICK, SECRET, simulate, withServer } from '../harness.mjs';

const run = promisify(execFile);
const ORDER = { amount: 4990, reference: 'order-17', customerId: '8223281' };
const KEYS = { appKey: APP_KEY, secretKey: SECRET };

class Options {
  signal = null;
}
class Derived {
  get signal() {
    return AbortSignal.abort();
  }
}

/** What is no plain object, and once was "no options" or options. */
const NOT_PLAIN = {
  'a signal': AbortSignal.abort(),
  'a signal that has not aborted': new AbortController().signal,
  'a controller': new AbortController(),
  'a Map': new Map([['signal', AbortSignal.abort()]]),
  'a Set': new Set(),
  'a promise': Promise.resolve({}),
  'an array': [],
  'an object of a class': new Options(),
  'an object of a class with getters': new Derived(),
  'an object that inherits': Object.create({ signal: AbortSignal.abort() }),
  'an object that inherits from one without a prototype': Object.create(Object.create(null)),
  'a Date': new Date(0),
  'an error': new Error('options'),
  'a function': () => ({}),
  'text': 'signal',
  'a number': 5_000,
  'true': true,
  'null': null,
  'a Map of another realm': vm.runInNewContext('new Map()'),
};
/** Plain, and with a member that nobody knows. */
const UNKNOWN = {
  'an unknown member': { singal: null },
  'an unknown symbol': { [Symbol('signal')]: null },
  'an unknown member that is not enumerable': Object.defineProperty({}, 'singal', { value: null }),
  'a member named __proto__': JSON.parse('{"__proto__":{"signal":null}}'),
};
const PLAIN = {
  'nothing': undefined,
  'an empty object': {},
  'an object without a prototype': Object.create(null),
  'an object of another realm': vm.runInNewContext('({})'),
  'what JSON makes': JSON.parse('{}'),
  'members that are left out': { signal: undefined },
  'a member that is null': { signal: null },
};

const CALLS = {
  insertCart: (client, options) => client.insertCart(ORDER, options),
  checkCart: (client, options) => client.checkCart(ID, options),
  cancelCart: (client, options) => client.cancelCart(ID, options),
  confirmCart: (client, options) => client.confirmCart(ID, options),
  captureCart: (client, options) => client.captureCart(ID, options),
  waitForCart: (client, options) => client.waitForCart(ID, options),
  settleCart: (client, options) => client.settleCart(ID, options),
  watchCart: async (client, options) => (await client.watchCart(ID, options).next()).value,
  checkMany: (client, options) => client.checkMany([ID], options),
  waitMany: async (client, options) => (await client.waitMany([ID], options).next()).value,
  pollStep: (client, options) => client.pollStep(new CartPoll(ID), options),
  settlements: (client, options) => client.settlements({ dateFrom: '2026-01-01', dateTo: '2026-01-02' }, options),
};

/** A server that takes everything for whatever was asked. */
const answer = (request) => {
  if (request.endpoint === 'InsertCart') {
    return { body: JSON.stringify({ Success: true, ResultCode: 200, TransactionId: ID }) };
  }
  return request.method === 'GET' ? { body: '[]' } : checkAnswer(10200);
};

describe('the options of a call', () => {
  for (const [name, call] of Object.entries(CALLS)) {
    it(`${name}: what is no plain object, or has another member, is refused and nothing is sent`, () =>
      withServer(answer, async (server) => {
        const client = server.client();
        for (const [what, options] of Object.entries({ ...NOT_PLAIN, ...UNKNOWN })) {
          const error = await failure(() => call(client, options));
          assert.ok(error instanceof InvalidRequestError, `${what}: ${error?.stack}`);
          assert.ok(error.message.includes(name), error.message);
        }
        assert.equal(server.requests.length, 0);
      }));

    it(`${name}: a bare signal is refused with a hint`, () =>
      withServer(answer, async (server) => {
        const { message } = await failure(() => call(server.client(), AbortSignal.abort()));
        assert.match(message, /AbortSignal: pass \{ signal \}/);
      }));

    it(`${name}: plain objects of all kinds are options`, () =>
      withServer(answer, async (server) => {
        const client = server.client();
        for (const options of Object.values(PLAIN)) await call(client, options);
        assert.ok(server.requests.length >= Object.keys(PLAIN).length);
      }));

    it(`${name}: what is no signal is refused, and one that has aborted sends nothing`, () =>
      withServer(answer, async (server) => {
        const client = server.client();
        const halfOnes = [{ aborted: false }, { aborted: true }, { aborted: false, addEventListener() {} }];
        for (const signal of [{}, true, 'abort', 17, new AbortController(), new EventEmitter(), () => {}, ...halfOnes]) {
          const error = await failure(() => call(client, { signal }));
          assert.ok(error instanceof InvalidRequestError, error.stack);
          assert.match(error.message, /signal must be an AbortSignal/);
        }
        const reason = new Error('not today');
        assert.equal(await failure(() => call(client, { signal: AbortSignal.abort(reason) })), reason);
        assert.equal((await failure(() => call(client, { signal: AbortSignal.abort() }))).name, 'AbortError');
        assert.equal(server.requests.length, 0);
      }));

    it(`${name}: a member is read once`, () =>
      withServer(answer, async (server) => {
        let reads = 0;
        const options = { get signal() { reads += 1; return null; } };
        await call(server.client(), options);
        assert.equal(reads, 1);
      }));
  }

  it('are not what somebody has added to Object.prototype', async () => {
    const { stdout } = await run(process.execPath, ['polluted.mjs'], { cwd: new URL('../programs/', import.meta.url).pathname });
    assert.deepEqual(JSON.parse(stdout), {
      statuses: Array(10).fill('confirmed'),
      called: [],
      baseUrl: 'https://api.test.netgiro.is/v1/',
      isFirst: true,
      refusal: { code: 'invalid_request', httpStatus: null, message: "transactionId must be a cart's GUID, as insertCart gave it; got \"no cart\"" },
      body: { Amount: 4990, Reference: 'order-17', CustomerId: '8223281', ConfirmationType: 0 },
    });
  });

  it('and a cart to be inserted are read once as well', () =>
    withServer(answer, async (server) => {
      const reads = {};
      const counted = (values) =>
        Object.defineProperties({}, Object.fromEntries(Object.entries(values).map(([name, value]) => [
          name,
          { enumerable: true, get: () => { reads[name] = (reads[name] ?? 0) + 1; return value; } },
        ])));
      await server.client().insertCart(counted({ ...ORDER, description: null, items: [counted({ name: 'Ull', unitPrice: 4990 })] }));
      await server.client().waitForCart(ID, counted({ timeoutMs: 1_000, policy: counted(QUICK), onUpdate: undefined }));
      for (const [name, count] of Object.entries(reads)) assert.equal(count, 1, name);
      assert.equal(Object.keys(reads).length, 4 + 1 + 2 + 3 + 3);
    }));
});

describe('everything else that takes named options', () => {
  const poll = new CartPoll(ID);
  const client = new Client(KEYS);
  const body = `{"PaymentInfo":{"TransactionId":"${ID}"}}`;
  const callback = { url: 'u', headers: { netgiro_nonce: '1', netgiro_signature: expectedSignature('1', 'u', body) }, body };
  const hooks = { before: (start) => start(), after: () => {} };
  const takers = {
    'new Client': (options) => new Client(options),
    'new CartPoll': (options) => new CartPoll(ID, options),
    'CartPoll.answered': (options) => poll.answered('pending', options),
    'new MemoryReplayGuard': (options) => new MemoryReplayGuard(options),
    'Simulator.start': (options) => Simulator.start(options),
    'simulatorFor': (options) => simulatorFor(hooks, options),
    'insertCart': (options) => client.insertCart(options),
    'an item': (options) => client.insertCart({ ...ORDER, items: [options] }),
    'a policy': (options) => client.waitForCart(ID, { policy: options ?? 17 }),
    'verifyCallback': (options) => client.verifyCallback(options),
    'verifyCallbackOnce': (options) => client.verifyCallbackOnce(options),
    'settlements': (options) => client.settlements(options),
  };

  for (const [name, take] of Object.entries(takers)) {
    it(`${name}: nothing but a plain object`, async () => {
      for (const [what, options] of Object.entries({ ...NOT_PLAIN, ...UNKNOWN })) {
        const error = await failure(() => take(options));
        assert.ok(error instanceof NetgiroError, `${what}: ${error?.stack}`);
        assert.equal(error.requestSent, 'no');
      }
    });
  }

  it('the simulator’s own', async () => {
    const simulator = await simulate();
    const options = { ...NOT_PLAIN, ...UNKNOWN };
    for (const [what, given] of Object.entries(options)) {
      for (const take of [
        () => simulator.client(given),
        () => simulator.addFault('CheckCart', given),
        () => simulator.storm(given),
        () => simulator.addFault('CheckCart', { headers: NOT_PLAIN[what] ?? 17 }),
        () => Simulator.start({ tls: given ?? 17 }),
      ]) {
        if (given === true) continue;
        assert.ok((await failure(take)) instanceof NetgiroError, what);
      }
    }
    for (const given of [{ appKey: APP_KEY }, { secretKey: SECRET }, { baseUrl: simulator.url }]) {
      assert.throws(() => simulator.client(given), NetgiroError);
    }
    assert.ok(simulator.client({ timeoutMs: 5_000 }) instanceof Client);
    let reads = 0;
    const started = await Simulator.start({ get checkIntervalMs() { reads += 1; return null; } });
    assert.equal((await started.client().insertCart(ORDER)).checkInterval, null);
    assert.equal(reads, 1);
    await started.close();
  });

  it('earlier results are what resume takes, one by one', () => {
    for (const resume of ['x', 17, {}, Promise.resolve([]), [17], ['x'], [null], [[]], [{}], new Map([['a', 1]])]) {
      assert.throws(() => client.waitMany([ID], { resume }), InvalidRequestError);
    }
  });

  it('a plain object of another realm does for all of them', async () => {
    const elsewhere = (options) => Object.assign(vm.runInNewContext('({})'), options);
    assert.ok(new Client(elsewhere(KEYS)) instanceof Client);
    assert.ok(client.verifyCallback(elsewhere(callback)).transactionId === ID);
    const simulator = await simulatorFor(hooks, elsewhere({ seed: 1, client: elsewhere({ timeoutMs: 1_000 }) }));
    await simulator.client.insertCart(elsewhere(ORDER), elsewhere({ signal: null }));
    await simulator.simulator.close();
    assert.ok(useSimulator);
  });
});

describe('a time that is short for milliseconds', () => {
  /** What a program with a far client `netgiro` and one on this machine warns of. */
  async function warnings(source) {
    const program = `
      import { Client } from 'netgiro';
      const keys = ${JSON.stringify(KEYS)};
      const told = [];
      process.on('warning', ({ name, message }) => told.push([name, message]));
      const aborted = { signal: AbortSignal.abort() };
      const far = new Client(keys);
      const near = new Client({ ...keys, baseUrl: 'http://127.0.0.1:9/v1/' });
      ${source}
      setImmediate(() => console.log(JSON.stringify(told)));
    `;
    const options = { cwd: new URL('.', import.meta.url).pathname };
    return JSON.parse((await run(process.execPath, ['--input-type=module', '--eval', program], options)).stdout);
  }

  const ID_ = JSON.stringify(ID);
  const short = {
    'a client': 'new Client({ ...keys, timeoutMs: 10 }); new Client({ ...keys, timeoutMs: 999 });',
    'waitForCart': `for (let n = 0; n < 2; n += 1) await far.waitForCart(${ID_}, { timeoutMs: 180, ...aborted }).catch(() => {});`,
    'settleCart': `for (let n = 0; n < 2; n += 1) await far.settleCart(${ID_}, { timeoutMs: 180, ...aborted }).catch(() => {});`,
    'watchCart': `far.watchCart(${ID_}, { timeoutMs: 180 }); far.watchCart(${ID_}, { timeoutMs: 180 });`,
    'waitMany': `far.waitMany([${ID_}], { timeoutMs: 180 }); far.waitMany([${ID_}], { timeoutMs: 180 });`,
  };
  for (const [what, source] of Object.entries(short)) {
    it(`is warned of once: ${what}`, async () => {
      const told = await warnings(source);
      assert.equal(told.length, 1, JSON.stringify(told));
      const [[name, message]] = told;
      assert.equal(name, 'NetgiroWarning');
      assert.match(message, /timeoutMs is \d+ milliseconds.*seconds/);
      assert.ok(!message.includes(SECRET));
    });
  }

  it('is not warned of on this machine, from a second on, or where one check is asked for', async () => {
    const told = await warnings(`
      new Client({ ...keys, baseUrl: 'http://localhost:9/v1/', timeoutMs: 10 });
      new Client({ ...keys, baseUrl: 'http://[::1]:9/v1/', timeoutMs: 10 });
      new Client({ ...keys, timeoutMs: 1_000 });
      near.watchCart(${ID_}, { timeoutMs: 10 });
      far.watchCart(${ID_}, { timeoutMs: 0 });
      far.watchCart(${ID_}, { timeoutMs: 1_000 });
      far.watchCart(${ID_});
    `);
    assert.deepEqual(told, []);
  });
});

it('repeats of the name of an unknown option no key and no number', async () => {
  for (const name of [SECRET, '8223281', 'https://me:hunter2@shop.is/']) {
    const { message } = await failure(() => new Client({ ...KEYS, [name]: 1 }));
    assert.match(message, /no option of such a name/);
    assert.ok(!message.includes(name), message);
  }
});
