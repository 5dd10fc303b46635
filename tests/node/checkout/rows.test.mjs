// Carts and orders as a shop's database gives them: rows whose amounts are text, big integers or decimal objects; and polls
// that have been through structuredClone, a worker, JSON or another copy of the package.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import Big from 'big.js';
import { Decimal } from 'decimal.js';
import { CartPoll, Client, InvalidRequestError, MismatchError } from 'netgiro';
import { addCartPoll } from 'netgiro/bullmq';
import { APP_KEY, checkAnswer, expectedSignature, failure, ID, QUICK, SECRET, simulate, withServer } from '../harness.mjs';

const require = createRequire(import.meta.url);
const PAID = checkAnswer(10200, { payment: { TransactionId: ID, ReferenceNumber: 'order-17', TotalAmount: 4990 } });

/** As mysql2 and some mappers make rows: of a class, with what is derived in getters of that class. */
class Row {
  constructor(columns) {
    Object.assign(this, columns);
  }
}
class Entity {
  #columns;
  constructor(columns) {
    this.#columns = columns;
  }
  get transactionId() {
    return this.#columns.transactionId;
  }
  get amount() {
    return this.#columns.amount;
  }
  get reference() {
    return this.#columns.reference;
  }
}

const AMOUNTS = {
  'a number': (kronur) => kronur,
  'text': (kronur) => `${kronur}`,
  'text with decimals': (kronur) => `${kronur}.00`,
  'a big integer': (kronur) => BigInt(kronur),
  'decimal.js': (kronur) => new Decimal(`${kronur}.00`),
  'decimal.js that prints exponents': (kronur) => new (Decimal.clone({ toExpPos: 1 }))(kronur),
  'big.js': (kronur) => new Big(kronur),
};
const UNREADABLE = {
  'text that is no number': 'abc',
  'empty text': '',
  'a fraction': 4990.5,
  'text with a fraction': '4990.50',
  'text for people': '4.990 kr.',
  'no number': NaN,
  'infinity': Infinity,
  'zero': '0',
  'an object': {},
  'true': true,
  'an array': [4990],
  'a buffer': Buffer.from('4990'),
  'a function': () => 4990,
  'a symbol': Symbol('4990'),
  'a Date': new Date(4990),
  'an object with a value': { valueOf: () => 4990 },
  'a decimal with a fraction': new Decimal('4990.5'),
  'a decimal that is not a number': new Decimal(NaN),
  'a decimal that cannot be printed': { toString: () => { throw new Error('no'); } },
};

/** Every call that takes a cart, and what to wait for. */
const CALLS = {
  checkCart: (client, cart) => client.checkCart(cart),
  cancelCart: (client, cart) => client.cancelCart(cart),
  confirmCart: (client, cart) => client.confirmCart(cart),
  waitForCart: (client, cart) => client.waitForCart(cart, { policy: QUICK }),
  settleCart: (client, cart) => client.settleCart(cart, { policy: QUICK }),
  watchCart: async (client, cart) => (await client.watchCart(cart, { policy: QUICK }).next()).value,
  checkMany: async (client, cart) => of(await client.checkMany([cart])),
  waitMany: async (client, cart) => of([(await client.waitMany([cart], { policy: QUICK }).next()).value]),
  pollStep: async (client, cart) => (await client.pollStep(new CartPoll(cart))).state,
};

function of([{ state, error }]) {
  if (error) throw error;
  return state;
}

describe('a row as the cart', () => {
  for (const [name, call] of Object.entries(CALLS)) {
    it(`${name}: each of amount and reference is compared, whatever the driver made of it`, () =>
      withServer(
        () => PAID,
        async (server) => {
          const client = server.client();
          for (const [what, amount] of Object.entries(AMOUNTS)) {
            const right = { transactionId: ID, amount: amount(4990), reference: 'order-17' };
            assert.ok((await call(client, right)).isPaid, what);
            const wrong = { ...right, amount: amount(4991) };
            assert.ok((await failure(() => call(client, wrong))) instanceof MismatchError, what);
            const alone = { transactionId: ID, amount: amount(4991), reference: null };
            assert.ok((await failure(() => call(client, alone))) instanceof MismatchError, `${what}, alone`);
          }
          for (const amount of [undefined, null]) {
            const alone = { transactionId: ID, amount, reference: 'order-18' };
            assert.ok((await failure(() => call(client, alone))) instanceof MismatchError);
          }
          assert.ok((await call(client, { transactionId: ID, amount: null, reference: undefined })).isPaid);
        },
      ));

    it(`${name}: what is there and cannot be read is refused, and nothing is sent`, () =>
      withServer(
        () => PAID,
        async (server) => {
          const client = server.client();
          for (const [what, amount] of Object.entries(UNREADABLE)) {
            const error = await failure(() => call(client, { transactionId: ID, amount, reference: 'order-17' }));
            assert.ok(error instanceof InvalidRequestError, `${what}: ${error.stack}`);
            assert.match(error.message, /amount/, what);
          }
          for (const reference of [1001, 1001n, true, {}, ['order-17'], Buffer.from('order-17')]) {
            const error = await failure(() => call(client, { transactionId: ID, amount: 4990, reference }));
            assert.ok(error instanceof InvalidRequestError, error.stack);
            assert.match(error.message, /reference/);
          }
          assert.equal(server.requests.length, 0);
        },
      ));
  }

  it('may be of a class, and of another realm', () =>
    withServer(
      () => PAID,
      async (server) => {
        const client = server.client();
        for (const kind of [Row, Entity]) {
          const columns = { transactionId: ID, amount: '4990.00', reference: 'order-17' };
          assert.ok((await client.checkCart(new kind(columns))).isPaid);
          const wrong = new kind({ ...columns, amount: '4991.00' });
          assert.ok((await failure(() => client.checkCart(wrong))) instanceof MismatchError);
        }
      },
    ));

  it('is named by its place among many', () =>
    withServer(
      () => PAID,
      async (server) => {
        const row = { transactionId: ID, amount: '4990', reference: 'order-17' };
        for (const wrong of [{ ...row, amount: 'abc' }, { ...row, reference: 17 }, { ...row, transactionId: null }, 17]) {
          for (const call of ['checkMany', 'waitMany']) {
            const error = await failure(async () => await server.client()[call]([row, wrong]));
            assert.ok(error instanceof InvalidRequestError);
            assert.match(error.message, /carts\[1\]/);
          }
        }
        assert.equal(server.requests.length, 0);
      },
    ));

  it('whose columns are named in another way is refused, and told how; nothing else of it is shown', async () => {
    const client = new Client({ appKey: APP_KEY, secretKey: SECRET });
    const row = { transaction_id: ID, amount: '4990', reference: 'order-17', phone: '8223281' };
    const error = await failure(() => client.checkCart(row));
    assert.ok(error instanceof InvalidRequestError);
    assert.match(error.message, /transaction_id: name it transactionId/);
    assert.doesNotMatch(error.message, /8223281/);
  });
});

describe('amounts', () => {
  it('are read by insertCart as by everything else', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    for (const [what, amount] of Object.entries(AMOUNTS)) {
      const items = [{ name: 'Ull', unitPrice: amount(2495), quantity: 2, amount: amount(4990) }];
      const cart = await client.insertCart({ amount: amount(4990), reference: 'order-17', customerId: '8223281', items });
      assert.strictEqual(cart.amount, 4990, what);
    }
    const before = simulator.requests().length;
    for (const [what, amount] of Object.entries(UNREADABLE)) {
      const error = await failure(() => client.insertCart({ amount, reference: 'order-17', customerId: '8223281' }));
      assert.ok(error instanceof InvalidRequestError, what);
      assert.match(error.message, /amount/);
    }
    assert.equal(simulator.requests().length, before);
  });

  it('are read by matches, which says no to another one and refuses what is none', () => {
    const client = new Client({ appKey: APP_KEY, secretKey: SECRET });
    const body = `{"PaymentInfo":{"TransactionId":"${ID}","ReferenceNumber":"order-17","TotalAmount":4990.00}}`;
    const headers = { netgiro_nonce: '1', netgiro_signature: expectedSignature('1', 'u', body) };
    const callback = client.verifyCallback({ url: 'u', headers, body });
    for (const [what, amount] of Object.entries(AMOUNTS)) {
      assert.equal(callback.matches(amount(4990), 'order-17'), true, what);
      assert.equal(callback.matches(amount(4991), 'order-17'), false, what);
    }
    for (const [what, amount] of Object.entries({ ...UNREADABLE, 'nothing': undefined, 'null': null })) {
      assert.throws(() => callback.matches(amount, 'order-17'), InvalidRequestError, what);
    }
    for (const reference of [17, null, undefined, {}]) {
      assert.throws(() => callback.matches(4990, reference), InvalidRequestError);
    }
  });
});

/** The package once more, as a dependency of a dependency has it. */
function secondCopy() {
  const folder = mkdtempSync(join(tmpdir(), 'netgiro-copy-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(realpathSync(dirname(require.resolve('netgiro/package.json'))), join(folder, 'netgiro'), { recursive: true });
  return createRequire(join(folder, 'x.js'))('./netgiro');
}

describe('a poll from elsewhere', () => {
  const known = { transactionId: ID, amount: 4990, reference: 'order-17' };
  /** In a worker, which makes the poll itself, or hands back the one it is given. */
  const worker = (poll) =>
    new Promise((resolve, reject) => {
      const source = `
        const { parentPort, workerData } = require('node:worker_threads');
        const { CartPoll } = require('netgiro');
        parentPort.postMessage(workerData.poll ?? new CartPoll(workerData.known));
      `;
      const thread = new Worker(source, { eval: true, workerData: { poll, known: { ...known, amount: 4991 } } });
      thread.once('message', resolve).once('error', reject);
    });
  const ways = {
    'structuredClone': async (poll) => structuredClone(poll),
    'JSON': async (poll) => JSON.parse(JSON.stringify(poll)),
    'a worker that was given it': worker,
    'a worker that made it': () => worker(),
    'a copy of its members': async (poll) => ({ ...poll }),
    'another copy of the package': async (poll) => secondCopy().CartPoll.fromJson(poll.toJson()),
  };

  for (const [way, through] of Object.entries(ways)) {
    it(`through ${way} is the whole poll, wherever one is taken`, () =>
      withServer(
        () => PAID,
        async (server) => {
          const client = server.client();
          const copy = await through(new CartPoll({ ...known, amount: 4991 }));
          const calls = {
            ...CALLS,
            pollStep: (_, poll) => client.pollStep(poll),
            fromJson: (_, poll) => client.pollStep(CartPoll.fromJson(poll)),
            CartPoll: (_, poll) => client.pollStep(new CartPoll(poll, { timeoutMs: 1_000 })),
          };
          for (const [name, call] of Object.entries(calls)) {
            const error = await failure(() => call(client, copy));
            assert.ok(error instanceof MismatchError, `${name}: ${error.stack}`);
          }
        },
      ));
  }

  it('or a row is a job of BullMQ that knows what the order is', async () => {
    const queue = { add: async (name, data) => data };
    const poll = new CartPoll(known);
    const carts = [poll, structuredClone(poll), poll.toJSON(), { ...known, amount: '4990.00' }];
    for (const cart of carts) {
      const data = await addCartPoll(queue, cart);
      assert.equal(data.reference, 'order-17');
      assert.deepEqual([data.poll.amount, data.poll.reference], [4990, 'order-17']);
    }
    for (const wrong of [{ ...known, amount: 'abc' }, { ...known, reference: 17 }, { transaction_id: ID }]) {
      assert.ok((await failure(() => addCartPoll(queue, wrong))) instanceof InvalidRequestError);
    }
    for (const options of [new Map(), Promise.resolve({}), new AbortController().signal, { job: new Map() }, { job: 17 }]) {
      assert.ok((await failure(() => addCartPoll(queue, known, options))) instanceof InvalidRequestError);
    }
  });

  it('whose token says what no answer can is refused, and nothing is sent', () =>
    withServer(
      () => PAID,
      async (server) => {
        const client = server.client();
        const copy = structuredClone(new CartPoll(known));
        const { token, ...lost } = copy;
        const broken = [{ ...copy, token: token.replace('"version":1', '"version":9') }, { ...copy, token: '{}' }, lost];
        for (const poll of broken) {
          for (const call of [CALLS.checkCart, CALLS.waitForCart, (_, each) => client.pollStep(each)]) {
            assert.ok((await failure(() => call(client, poll))) instanceof InvalidRequestError);
          }
        }
        assert.equal(server.requests.length, 0);
      },
    ));

  it('may be answered with an error of another copy of the package', () => {
    const { ServerError } = secondCopy();
    const poll = new CartPoll(known, { now: 1_000_000 });
    const next = poll.answered(new ServerError('down', { httpStatus: 500 }), { now: 1_000_000, jitter: 0 });
    assert.ok(next.nextCheckAt > 1_000_000);
  });

  it('is resumed from by waitMany, too', () =>
    withServer(
      () => PAID,
      async (server) => {
        const error = { poll: structuredClone(new CartPoll(known)) };
        const waiting = server.client().waitMany([known], { policy: QUICK, resume: [{ transactionId: ID, state: null, error }] });
        assert.ok((await waiting.next()).value.state.isPaid);
      },
    ));
});
