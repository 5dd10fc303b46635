// What no argument can be, given for each argument of every public function: a refusal that names it, and nothing is sent.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { CartPoll, Client, MemoryReplayGuard, NetgiroError, sign, Simulator } from 'netgiro';
import { failure, ID, simulate, withServer } from '../harness.mjs';

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function throwing() {
  const trap = () => {
    throw new Error('a trap');
  };
  return new Proxy({}, { get: trap, getPrototypeOf: trap, ownKeys: trap, getOwnPropertyDescriptor: trap });
}

/** Each is none of what the arguments below take; `got` is what the refusal says of it where it says a kind. */
const NEVER = {
  'half of a character': '\ud83d',
  'a huge integer': 10n ** 5000n,
  NaN,
  Infinity,
  'an array': [[]],
  'a date': new Date(0),
  'an invalid date': new Date(NaN),
  'a boxed string': new String('4990'),
  'a boxed number': new Number(4990),
  'a symbol': Symbol('4990'),
  'a function': () => 4990,
  'a frozen object': Object.freeze({ no: 1 }),
  'an object of another realm': runInNewContext('({ no: 1 })'),
  'a proxy that throws': throwing(),
  'a revoked proxy': revoked(),
};

const NEW_CART = { amount: 4990, reference: 'order-1', customerId: '8223281' };
const PAGE = 'https://shop.example/';
const NEW_CHECKOUT = { amount: 4990, reference: 'order-1', successUrl: PAGE, cancelUrl: PAGE };
const ITEM = { name: 'Lopapeysa', unitPrice: 4990 };
const PARTS = { url: 'https://shop.example/callback', headers: {}, body: '' };
const KEYS = { appKey: '881E674F-7891-4C20-AFD8-56FE2624C4B5', secretKey: 'secret' };

/** An argument of a function: what is called with a value, and what its refusal calls it. */
const ARGUMENTS = [
  ['new Client()', /^Client/, (value) => new Client(value)],
  ...['appKey', 'secretKey', 'environment', 'api', 'baseUrl', 'timeoutMs', 'connectTimeoutMs', 'responseVerification', 'paymentInfo', 'caFile', 'previousSecretKeys', 'proxy'].map(
    (name) => [`new Client: ${name}`, name, (value) => new Client({ ...KEYS, [name]: value })],
  ),
  ['insertCart()', /^insertCart/, (value, { client }) => client.insertCart(value)],
  ...['amount', 'reference', 'customerId', 'accessCode', 'barcode', 'confirmationType', 'callbackUrl', 'callbackCancelUrl', 'description', 'items', 'locationId', 'registerId'].map(
    (name) => [`insertCart: ${name}`, name, (value, { client }) => client.insertCart({ ...NEW_CART, [name]: value })],
  ),
  ['insertCart: an item', 'items[0]', (value, { client }) => client.insertCart({ ...NEW_CART, items: [value] })],
  ...['name', 'unitPrice', 'quantity', 'amount', 'productNo', 'description'].map((name) => [
    `insertCart: an item's ${name}`,
    name === 'unitPrice' ? /unitPrice|items/ : name,
    (value, { client }) => client.insertCart({ ...NEW_CART, items: [{ ...ITEM, [name]: value }] }),
  ]),
  ...['checkCart', 'cancelCart', 'confirmCart', 'captureCart', 'voidCart', 'waitForCart', 'settleCart', 'watchCart'].flatMap((name) => [
    [`${name}: the cart`, /transactionId|a cart/, (value, { client }) => client[name](value)],
    [`${name}: its transactionId`, /transactionId|a cart/, (value, { client }) => client[name]({ transactionId: value })],
    [`${name}: its amount`, 'amount', (value, { client }) => client[name]({ transactionId: ID, amount: value })],
    [`${name}: its reference`, 'reference', (value, { client }) => client[name]({ transactionId: ID, reference: value })],
    [`${name}: its checkInterval`, /check_?[iI]nterval/, (value, { client }) => client[name]({ transactionId: ID, checkInterval: value })],
    [`${name}: options`, name, (value, { client }) => client[name](ID, value)],
    [`${name}: signal`, 'signal', (value, { client }) => client[name](ID, { signal: value })],
  ]),
  ['captureCart: amount', 'amount', (value, { client }) => client.captureCart(ID, { amount: value })],
  ['confirmCart: identifier', 'identifier', (value, { client }) => client.confirmCart(ID, { identifier: value })],
  ...['waitForCart', 'settleCart', 'watchCart'].flatMap((name) => [
    [`${name}: timeoutMs`, 'timeoutMs', (value, { client }) => client[name](ID, { timeoutMs: value })],
    [`${name}: policy`, 'policy', (value, { client }) => client[name](ID, { policy: value })],
    ...['minIntervalMs', 'defaultIntervalMs', 'maxIntervalMs'].map((member) => [
      `${name}: ${member}`,
      member,
      (value, { client }) => client[name](ID, { policy: { [member]: value } }),
    ]),
  ]),
  ...['checkMany', 'waitMany'].flatMap((name) => [
    [`${name}: the carts`, /carts/, (value, { client }) => client[name](value)],
    [`${name}: a cart`, /carts\[0\]/, (value, { client }) => client[name]([value])],
    ...['concurrency', 'rate', 'resume', 'signal'].map((member) => [`${name}: ${member}`, member, (value, { client }) => client[name]([], { [member]: value })]),
    [`${name}: an earlier result`, 'resume', (value, { client }) => client[name]([], { resume: [value] })],
  ]),
  ['checkMany: retryForMs', 'retryForMs', (value, { client }) => client.checkMany([], { retryForMs: value })],
  ['findByReference: reference', 'reference', (value, { client }) => client.findByReference(value, { amount: 1000 })],
  ['findByReference: options', 'findByReference', (value, { client }) => client.findByReference('order-1', value)],
  ...['amount', 'signal'].map((name) => [
    `findByReference: ${name}`,
    name,
    (value, { client }) => client.findByReference('order-1', { amount: 1000, [name]: value }),
  ]),
  ...['refundCart', 'getTransaction'].flatMap((name) => {
    const call = (client, cart) => client[name](...(name === 'refundCart' ? [cart, 1000, { idempotencyKey: 'key' }] : [cart]));
    return [
      [`${name}: the cart`, /transactionId|a cart/, (value, { client }) => call(client, value)],
      [`${name}: its transactionId`, /transactionId|a cart/, (value, { client }) => call(client, { transactionId: value })],
      [`${name}: its amount`, 'amount', (value, { client }) => call(client, { transactionId: ID, amount: value })],
    ];
  }),
  ['refundCart: amount', 'amount', (value, { client }) => client.refundCart(ID, value, { idempotencyKey: 'key' })],
  ['refundCart: options', 'refundCart', (value, { client }) => client.refundCart(ID, 1000, value)],
  ...['idempotencyKey', 'description', 'signal'].map((name) => [
    `refundCart: ${name}`,
    name,
    (value, { client }) => client.refundCart(ID, 1000, { idempotencyKey: 'key', [name]: value }),
  ]),
  ['getTransaction: options', 'getTransaction', (value, { client }) => client.getTransaction(ID, value)],
  ['getTransaction: signal', 'signal', (value, { client }) => client.getTransaction(ID, { signal: value })],
  ['createCheckout()', 'createCheckout', (value, { client }) => client.createCheckout(value)],
  ...['amount', 'reference', 'successUrl', 'cancelUrl', 'callbackUrl', 'manualCapture'].map((name) => [
    `createCheckout: ${name}`,
    name,
    (value, { client }) => client.createCheckout({ ...NEW_CHECKOUT, [name]: value }),
  ]),
  ['createCheckout: options', 'createCheckout', (value, { client }) => client.createCheckout(NEW_CHECKOUT, value)],
  ['createCheckout: signal', 'signal', (value, { client }) => client.createCheckout(NEW_CHECKOUT, { signal: value })],
  ['verifyRedirect: url', 'url', (value, { client }) => client.verifyRedirect(value)],
  ['verifyRedirect: options', 'verifyRedirect', (value, { client }) => client.verifyRedirect('?', value)],
  ...['amount', 'reference'].map((name) => [
    `verifyRedirect: ${name}`,
    name,
    (value, { client }) => client.verifyRedirect('?', { [name]: value }),
  ]),
  ['settlements()', 'settlements', (value, { client }) => client.settlements(value)],
  ['settlements: dateFrom', 'dateFrom', (value, { client }) => client.settlements({ dateFrom: value, dateTo: '2026-01-31' }), 'a date'],
  ['settlements: settlementNumber', 'settlementNumber', (value, { client }) => client.settlements({ dateFrom: '2026-01-01', dateTo: '2026-01-31', settlementNumber: value })],
  ['settlementItems: number', 'number', (value, { client }) => client.settlementItems(value)],
  ['pollStep: the poll', /poll|version/, (value, { client }) => client.pollStep(value)],
  ['verifyCallback()', 'verifyCallback', (value, { client }) => client.verifyCallback(value)],
  ...['url', 'body', 'replayGuard'].map((name) => [`verifyCallback: ${name}`, name, (value, { client }) => client.verifyCallback({ ...PARTS, [name]: value })]),
  ['verifyCallbackOnce: replayGuard', 'replayGuard', (value, { client }) => client.verifyCallbackOnce({ ...PARTS, replayGuard: value })],
  ['new CartPoll: the cart', /transactionId|a cart/, (value) => new CartPoll(value)],
  ['new CartPoll: now', 'now', (value) => new CartPoll(ID, { now: value })],
  ['CartPoll.fromJson', /poll|version/, (value) => CartPoll.fromJson(value)],
  ['answered: what was seen', /answered|seen|status/, (value) => new CartPoll(ID).answered(value)],
  ...['sentAt', 'now', 'jitter', 'afterCancel'].map((name) => [`answered: ${name}`, name, (value) => new CartPoll(ID).answered('pending', { [name]: value })]),
  ['new MemoryReplayGuard: capacity', 'capacity', (value) => new MemoryReplayGuard({ capacity: value })],
  ['isFirst: nonce', 'nonce', (value) => new MemoryReplayGuard().isFirst(value, 's')],
  ['isFirst: signature', 'signature', (value) => new MemoryReplayGuard().isFirst('n', value)],
  ...['secretKey', 'nonce', 'url', 'body'].map((name, at) => [`sign: ${name}`, name, (value) => sign(...['k', 'n', 'u', 'b'].with(at, value))]),
  ['Simulator.start: seed', 'seed', (value) => Simulator.start({ seed: value })],
  ['confirm: the cart', /transactionId|a cart/, (value, { simulator }) => simulator.confirm(value)],
  ['advance: ms', /advance|ms/, (value, { simulator }) => simulator.advance(value)],
  ['addFault: endpoint', /endpoint/, (value, { simulator }) => simulator.addFault(value)],
  ['addFault: status', 'status', (value, { simulator }) => simulator.addFault('CheckCart', { status: value })],
  ['storm: seed', 'seed', (value, { simulator }) => simulator.storm({ seed: value })],
];

describe('a refusal names the argument, what came and what is wanted:', () => {
  for (const [name, called, call, ...taken] of ARGUMENTS) {
    it(name, async () => {
      await withServer(() => 'hang', async (server) => {
        const simulator = await simulate();
        const client = server.client();
        for (const [kind, value] of Object.entries(NEVER)) {
          if (taken.includes(kind)) continue;
          const error = await failure(async () => await call(value, { client, simulator }));
          assert.ok(error instanceof NetgiroError, `${name}, ${kind}: ${error.stack}`);
          assert.match(error.code, /^(invalid_request|configuration)$/, `${name}, ${kind}: ${error.stack}`);
          if (called instanceof RegExp) assert.match(error.message, called, kind);
          else assert.ok(error.message.includes(called), `${name}, ${kind}: ${error.message}`);
          assert.ok(error.message.length < 1_000, `${name}, ${kind}: ${error.message}`);
        }
        assert.equal(server.requests.length, 0);
      });
    });
  }
});

describe('verifyCallback', () => {
  for (const [kind, body] of Object.entries({ 'a parsed body': { Success: true }, 'an empty body, as Express 4 leaves it': {}, 'no body': undefined, null: null })) {
    it(`says what to do about ${kind}`, async () => {
      const client = (await simulate()).client();
      const { code, message } = await failure(() => client.verifyCallback({ ...PARTS, body }));
      assert.equal(code, 'invalid_request');
      assert.match(message, /^verifyCallback: body .*Pass the raw body \(express\.raw\(.*, not parsed JSON$/);
    });
  }

  it('takes bytes of another realm', async () => {
    const client = (await simulate()).client();
    for (const body of [runInNewContext('new Uint8Array(2)'), runInNewContext('new ArrayBuffer(2)')]) {
      assert.equal((await failure(() => client.verifyCallback({ ...PARTS, body }))).code, 'signature');
    }
  });
});

describe('JSON.stringify', () => {
  it('makes plain JSON of every value', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const callbackUrl = 'http://127.0.0.1:9/callback';
    const cart = await client.insertCart({ ...NEW_CART, amount: 4990n, callbackUrl });
    const poll = new CartPoll({ ...cart, amount: 4990n });
    simulator.confirm(cart);
    const state = await client.checkCart(cart);
    const results = await client.checkMany([cart, ID]);
    const [sent] = simulator.callbacks();
    const callback = client.verifyCallback({ url: callbackUrl, headers: sent.headers, body: sent.body });
    const error = await failure(() => client.waitForCart(ID, { timeoutMs: 0 }));
    const values = { cart, poll, state, results, callback, error, carts: simulator.carts(), settlements: await client.settlements({ dateFrom: '2026-01-01', dateTo: '2026-12-31' }) };
    for (const [name, value] of Object.entries(values)) {
      const json = JSON.parse(JSON.stringify(value));
      assert.ok(Object.keys(json).length > 0 || name === 'settlements', name);
      assert.deepEqual(JSON.parse(JSON.stringify({ [name]: value }))[name], json);
    }
    assert.equal(JSON.parse(JSON.stringify(cart)).amount, 4990);
    assert.deepEqual(CartPoll.fromJson(JSON.parse(JSON.stringify(poll))), poll);
    assert.equal(JSON.parse(JSON.stringify(state)).payment.totalAmount, '4990');
  });
});
