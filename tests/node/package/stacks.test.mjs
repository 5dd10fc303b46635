// The stack of an error begins at whoever called the package, also across `await`.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CartPoll, Client, MemoryReplayGuard, NetgiroError, sign, Simulator } from 'netgiro';
import { simulatorFor, useSimulator } from 'netgiro/testing';
import { failure, ID, QUICK, simulate, until, withServer } from '../harness.mjs';

const CUSTOMER = '8223281';
const NEW_CART = { amount: 4990, reference: 'order-1', customerId: CUSTOMER };
const PAGE = 'https://shop.example/';
const CHECKOUT = { amount: 4990, reference: 'order-1', successUrl: PAGE, cancelUrl: PAGE };

/** The frames of an error, the first of which must be in this file. */
function beginsHere(error, what) {
  const [first, ...others] = error.stack.slice(error.stack.indexOf('\n    at ') + 1).split('\n');
  assert.match(first, /^ {4}at .*stacks\.test\.mjs:\d+:\d+\)?$/, `${what}: ${error.stack}`);
  assert.ok(error.stack.startsWith(`${error.name}: ${error.message}`), error.stack);
  for (const frame of others) assert.doesNotMatch(frame, /node\/dist/, `${what}: ${error.stack}`);
}

const consume = async (iterable) => {
  for await (const each of iterable) void each;
};

/** What is wrong at once. */
const REFUSED = {
  'new Client': () => new Client({}),
  'new Client, by the core': () => new Client({ appKey: 'x', secretKey: 'y' }),
  'Client.fromEnv': () => Client.fromEnv(),
  'Simulator.start': () => Simulator.start({ seeds: 1 }),
  'new Simulator': () => new Simulator(),
  'new CartPoll': () => new CartPoll(3),
  'CartPoll.fromJson': () => CartPoll.fromJson('x'),
  answered: () => new CartPoll(ID).answered('paid'),
  'new MemoryReplayGuard': () => new MemoryReplayGuard({ capacity: 0 }),
  sign: () => sign(3),
  useSimulator: () => useSimulator({}),
  simulatorFor: () => simulatorFor({}),
  'simulatorFor, its options': () => simulatorFor({ after: () => {} }, { seeds: 1 }),
  'verifyCallback, its parts': ({ client }) => client.verifyCallback({}),
  'verifyCallback, its signature': ({ client }) => client.verifyCallback({ url: 'https://shop.example/', headers: {}, body: '' }),
  verifyCallbackOnce: ({ client }) => client.verifyCallbackOnce({}),
  insertCart: ({ client }) => client.insertCart({}),
  'insertCart, by the core': ({ client }) => client.insertCart({ ...NEW_CART, customerId: '1' }),
  checkCart: ({ client }) => client.checkCart(3),
  cancelCart: ({ client }) => client.cancelCart(ID, { signals: 1 }),
  confirmCart: ({ client }) => client.confirmCart(ID, { identifier: 1 }),
  waitForCart: ({ client }) => client.waitForCart('x'),
  settleCart: ({ client }) => client.settleCart(ID, { timeoutMs: 'x' }),
  watchCart: ({ client }) => client.watchCart('x'),
  waitMany: ({ client }) => client.waitMany(3),
  checkMany: ({ client }) => client.checkMany(3),
  'checkMany, by the core': ({ client }) => client.checkMany(['x']),
  'checkMany, each': ({ client }) => consume(client.checkMany(['x'])),
  findByReference: ({ client }) => client.findByReference('order-1'),
  'findByReference, by the core': ({ client }) => client.findByReference('order-1', { amount: 0 }),
  refundCart: ({ client }) => client.refundCart(ID, 1000),
  'refundCart, by the core': ({ client }) => client.refundCart(ID, 0, { idempotencyKey: 'key' }),
  getTransaction: ({ client }) => client.getTransaction(3),
  createCheckout: ({ client }) => client.createCheckout({}),
  'createCheckout, by the core': ({ client }) => client.createCheckout({ ...CHECKOUT, amount: 0 }),
  verifyRedirect: ({ client }) => client.verifyRedirect(3),
  'verifyRedirect, by the core': ({ client }) => client.verifyRedirect('?'),
  settlements: ({ client }) => client.settlements({ dateFrom: 'x', dateTo: 'y' }),
  settlementItems: ({ client }) => client.settlementItems(3),
  pollStep: ({ client }) => client.pollStep('x'),
  'client()': ({ simulator }) => simulator.client({ url: 1 }),
  confirm: ({ simulator }) => simulator.confirm('x'),
  advance: ({ simulator }) => simulator.advance('x'),
  addFault: ({ simulator }) => simulator.addFault('CheckCart', { status: 'x' }),
  'a method that has lost its client': ({ client: { checkCart } }) => checkCart(ID),
};

/** What a call comes to know. */
const FAILED = {
  insertCart: ({ client }) => client.insertCart(NEW_CART),
  checkCart: ({ client }) => client.checkCart(ID),
  cancelCart: ({ client }) => client.cancelCart(ID),
  confirmCart: ({ client }) => client.confirmCart(ID),
  waitForCart: ({ client }) => client.waitForCart(ID, { timeoutMs: 0 }),
  settleCart: ({ client }) => client.settleCart(ID, { timeoutMs: 0, policy: QUICK }),
  pollStep: ({ client }) => client.pollStep(new CartPoll(ID, { now: Date.now() - 500_000 })),
  findByReference: ({ client }) => client.findByReference('order-1', { amount: 1000 }),
  refundCart: ({ client }) => client.refundCart(ID, 1000, { idempotencyKey: 'key' }),
  getTransaction: ({ client }) => client.getTransaction(ID),
  createCheckout: ({ client }) => client.createCheckout(CHECKOUT),
  settlements: ({ client }) => client.settlements({ dateFrom: '2026-01-01', dateTo: '2026-01-31' }),
  settlementItems: ({ client }) => client.settlementItems('100000-000069'),
  watchCart: ({ client }) => consume(client.watchCart(ID, { timeoutMs: 0 })),
};

describe('a stack begins at the caller of', () => {
  for (const [name, call] of Object.entries(REFUSED)) {
    it(name, async () => {
      const simulator = await simulate();
      const client = simulator.client();
      beginsHere(await failure(async () => await call({ client, simulator })), name);
    });
  }

  for (const [name, call] of Object.entries(FAILED)) {
    it(`${name}, when it fails`, async () => {
      await withServer(() => ({ status: 401 }), async (server) => {
        const error = await failure(async () => await call({ client: server.client({ timeoutMs: 2_000 }) }));
        assert.ok(error instanceof NetgiroError);
        beginsHere(error, name);
        for (let { cause } = error; cause instanceof NetgiroError; { cause } = cause) beginsHere(cause, name);
      });
    });
  }

  it('a call that was refused, and whose promise nobody awaits', async () => {
    const client = (await simulate()).client();
    beginsHere(await new Promise((resolve) => client.insertCart({}).catch(resolve)), 'insertCart');
    beginsHere(await new Promise((resolve) => client.checkCart('x').catch(resolve)), 'checkCart');
  });

  it('a promise that goes through then and Promise.all', async () => {
    await withServer(() => ({ status: 401 }), async (server) => {
      const client = server.client();
      const caught = await client.checkCart(ID).then(() => null).catch((error) => error);
      beginsHere(caught, 'then and catch');
      const both = () => Promise.all([client.checkCart(ID), client.checkCart(ID)]);
      const error = await failure(both);
      assert.doesNotMatch(error.stack, /node\/dist/);
      assert.match(error.stack, /stacks\.test\.mjs/);
    });
  });

  it('an aborted insert', async () => {
    await withServer(() => 'hang', async (server) => {
      const controller = new AbortController();
      const call = failure(async () => await server.client().insertCart(NEW_CART, { signal: controller.signal }));
      await until(() => server.requests.length > 0, 'the request is there');
      controller.abort();
      const error = await call;
      beginsHere(error, 'AbortError');
      beginsHere(error.cause, 'its cause');
    });
  });

  it('bulk calls, for the errors among their results', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const cart = await client.insertCart(NEW_CART);
    for await (const { error } of client.waitMany([cart], { timeoutMs: 20, policy: QUICK })) beginsHere(error, 'waitMany');
    simulator.addFault('CheckCart', { status: 500, count: 9 });
    const [{ error }] = await client.checkMany([cart], { retryForMs: 0 });
    beginsHere(error, 'checkMany');
  });

  it('a subclass that calls the package', async () => {
    class Shop extends Client {
      async checkCart(cart, options) {
        return await super.checkCart(cart, options);
      }
    }
    beginsHere(await failure(() => new Shop({})), 'new Shop');
    const { appKey, secretKey, url: baseUrl } = await simulate();
    beginsHere(await failure(() => new Shop({ appKey, secretKey, baseUrl }).checkCart('x')), 'checkCart');
  });
});

describe('a stack is left alone', () => {
  it('of what a caller’s function throws, although it is of this package', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const cart = await client.insertCart(NEW_CART);
    const made = new NetgiroError('mine');
    const { stack } = made;
    const onUpdate = () => {
      throw made;
    };
    const error = await failure(() => client.waitForCart(cart, { onUpdate }));
    assert.equal(error, made);
    assert.equal(error.stack, stack);
  });

  it('where stacks are made otherwise', async () => {
    const client = (await simulate()).client();
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = (_error, sites) => sites.map((site) => String(site.getFileName()));
    try {
      const { stack } = await failure(() => client.checkCart('x'));
      assert.ok(Array.isArray(stack));
      assert.match(stack[0], /stacks\.test\.mjs$/);
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  });

  it('where there are none', async () => {
    const client = (await simulate()).client();
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      const { stack, message } = await failure(() => client.checkCart('x'));
      assert.equal(stack, `InvalidRequestError: ${message}`);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  });
});
