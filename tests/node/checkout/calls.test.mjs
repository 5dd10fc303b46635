// One call at a time: what is sent, sent again, refused, given up, and told.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import {
  ApiError,
  AuthenticationError,
  CartPoll,
  Client,
  ConfigurationError,
  ConnectError,
  InvalidRequestError,
  MismatchError,
  OutcomeUnknownError,
  ProtocolError,
  RateLimitedError,
  ServerError,
  SignatureError,
  sign,
  TimeoutError,
} from 'netgiro';
import {
  APP_KEY,
  checkAnswer,
  expectedSignature,
  failure,
  ID,
  insertAnswer,
  SECRET,
  simulate,
  until,
  withServer,
} from '../harness.mjs';

const ORDER = { amount: 4990, reference: 'order-17', customerId: '822-3281' };

/** A loopback port where nobody listens. */
async function deadPort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function clientOf(baseUrl, options) {
  return new Client({ appKey: APP_KEY, secretKey: SECRET, baseUrl, ...options });
}

describe('sending again', () => {
  for (const method of ['checkCart', 'cancelCart', 'confirmCart']) {
    it(`${method} is sent again after a broken connection and a 5xx, signed anew`, () =>
      withServer(
        (_, index) => ['cut', { status: 503, body: '' }, checkAnswer(10201, { paid: undefined })][index],
        async (server) => {
          const state = await server.client()[method](ID);
          assert.equal(state.status, 'canceled');
          assert.equal(server.requests.length, 3);
          assert.equal(new Set(server.requests.map(({ headers }) => headers.netgiro_nonce)).size, 3);
          for (const { headers, url, body } of server.requests) {
            assert.match(headers.netgiro_nonce, /^\d{1,18}$/);
            assert.equal(headers.netgiro_signature, expectedSignature(headers.netgiro_nonce, url, body));
          }
        },
      ));
  }

  it('a server that checks signatures accepts every attempt, and never sees a nonce twice', async () => {
    const simulator = await simulate({ seed: 1, rejectRepeatedNonce: true });
    const client = simulator.client();
    const cart = await client.insertCart(ORDER);
    simulator.addFault('CheckCart', { status: 500, count: 2 });
    assert.equal((await client.checkCart(cart)).status, 'pending');
    assert.deepEqual(
      simulator.requests().map(({ endpoint, signatureOk, status }) => [endpoint, signatureOk, status]),
      [
        ['InsertCart', true, 200],
        ['CheckCart', true, 500],
        ['CheckCart', true, 500],
        ['CheckCart', true, 200],
      ],
    );
  });

  it('gives up with the last error, within the time of the call', () =>
    withServer(
      () => ({ status: 502, body: 'bad gateway' }),
      async (server) => {
        const error = await failure(() => server.client().checkCart(ID));
        assert.ok(error instanceof ServerError);
        assert.deepEqual([error.httpStatus, error.requestSent, error.retryable], [502, 'yes', true]);
        assert.equal(server.requests.length, 3);
      },
    ));
});

describe('insertCart', () => {
  const lost = {
    'a connection cut after the request': () => 'cut',
    'HTTP 500': () => ({ status: 500, body: '' }),
    'HTTP 408': () => ({ status: 408, body: '' }),
    'a redirect': () => ({ status: 302, headers: { Location: '/elsewhere' } }),
    'an answer that is no JSON': () => ({ body: '<html>' }),
    'success without an id': () => ({ body: '{"Success":true,"ResultCode":200,"Message":null,"TransactionId":null}' }),
    'an answer too late': () => 'hang',
  };
  for (const [what, answer] of Object.entries(lost)) {
    it(`${what}: the outcome is unknown, after exactly one request`, () =>
      withServer(answer, async (server) => {
        const error = await failure(() => server.client({ timeoutMs: 1_000 }).insertCart(ORDER));
        assert.ok(error instanceof OutcomeUnknownError, error.stack);
        assert.equal(error.reference, 'order-17');
        assert.notEqual(error.requestSent, 'no');
        assert.equal(error.retryable, false);
        assert.ok(error.cause instanceof Error);
        assert.equal(server.requests.length, 1);
      }));
  }

  it('nobody there: a ConnectError, and nothing was sent', async () => {
    const error = await failure(async () => clientOf(`http://127.0.0.1:${await deadPort()}/v1/`).insertCart(ORDER));
    assert.ok(error instanceof ConnectError);
    assert.deepEqual([error.requestSent, error.retryable, error.httpStatus], ['no', true, null]);
  });

  it('refused by the server: what it said', async () => {
    const simulator = await simulate({ minimumAmount: 500 });
    const error = await failure(() => simulator.client().insertCart({ ...ORDER, amount: 499 }));
    assert.ok(error instanceof ApiError);
    assert.equal(error.resultCode, 10305);
    assert.match(error.referenceId, /^[0-9a-f-]{36}$/);
  });

  it('takes bigints, numbers for the confirmation type, and all that can be said of an item', () =>
    withServer(
      () => insertAnswer(null),
      async (server) => {
        const cart = await server.client().insertCart({
          amount: 4990n,
          reference: 'order-17',
          customerId: '111111-1119',
          confirmationType: 2,
          callbackUrl: null,
          items: [{ name: 'Ull', unitPrice: 4990n, quantity: 1n, amount: undefined, productNo: 'A', description: 'lopi' }],
        });
        assert.deepEqual(cart, {
          transactionId: ID,
          reference: 'order-17',
          amount: 4990,
          checkInterval: null,
          message: null,
          referenceId: null,
        });
        assert.equal(
          server.requests[0].body.toString(),
          '{"Amount":4990,"Reference":"order-17","CustomerId":"1111111119","ConfirmationType":2,"CartItemRequests":' +
            '[{"ProductNo":"A","Name":"Ull","Description":"lopi","UnitPrice":4990,"Quantity":1000,"Amount":4990}]}',
        );
      },
    ));
});

describe('what the server says', () => {
  for (const hint of [1, 7, 1001, 2999, 3000]) {
    it(`a poll hint of ${hint} ms is ${hint}`, async () => {
      const simulator = await simulate({ checkIntervalMs: hint });
      assert.equal((await simulator.client().insertCart(ORDER)).checkInterval, hint);
    });
  }

  it('CancelCart with Success false and 10200 is confirmed where CheckCart says so, not an error', () =>
    withServer(
      ({ endpoint }) =>
        endpoint === 'CancelCart' ? checkAnswer(10200, { success: false, paid: undefined }) : checkAnswer(10200),
      async (server) => {
        const state = await server.client().cancelCart(ID);
        assert.deepEqual([state.status, state.isPaid, state.isFinal], ['confirmed', true, true]);
        const asked = server.requests.map(({ endpoint }) => endpoint);
        assert.deepEqual(asked, ['CancelCart', 'CheckCart']);
      },
    ));

  it('a paid answer without PaymentInfo is refused by those who require one', () =>
    withServer(
      () => checkAnswer(10200),
      async (server) => {
        for (const paymentInfo of [undefined, 'if_present', 'ifPresent', 'IF-PRESENT']) {
          assert.ok((await server.client({ paymentInfo }).checkCart(ID)).isPaid);
        }
        for (const paymentInfo of ['required', 'Required']) {
          const client = server.client({ paymentInfo });
          assert.ok((await failure(() => client.checkCart(ID))) instanceof ProtocolError);
          const [result] = await client.checkMany([ID], { retryForMs: 0 });
          assert.deepEqual([result.state, result.error?.code], [null, 'protocol']);
        }
      },
    ));

  it('a reference with control characters is sent nowhere', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    for (const character of ['\n', '\0', '\u007f', '\u0085', '\u2028']) {
      const reference = `order${character}17`;
      const known = { transactionId: ID, reference, amount: 4990 };
      for (const call of [
        () => client.insertCart({ ...ORDER, reference }),
        () => client.checkCart(known),
        () => client.cancelCart(known),
        () => client.confirmCart(known),
        () => client.waitForCart(known),
        () => client.settleCart(known),
      ]) {
        const error = await failure(call);
        assert.ok(error instanceof InvalidRequestError, error.stack);
        assert.match(error.message, /reference/);
      }
    }
    assert.equal(simulator.requests().length, 0);
  });

  it('another amount than the cart was inserted for is a mismatch', () =>
    withServer(
      () => checkAnswer(10200, { payment: { TransactionId: ID, ReferenceNumber: 'order-17', TotalAmount: 4991 } }),
      async (server) => {
        const known = { transactionId: ID, reference: 'order-17', amount: 4990 };
        const error = await failure(() => server.client().checkCart(known));
        assert.ok(error instanceof MismatchError);
        assert.equal((await server.client().checkCart(ID)).status, 'confirmed');
      },
    ));

  it('keys that are not accepted', async () => {
    const simulator = await simulate();
    const client = clientOf(simulator.url, { secretKey: 'wrong' });
    const error = await failure(() => client.checkCart(ID));
    assert.ok(error instanceof AuthenticationError);
    assert.deepEqual([error.httpStatus, simulator.requests()[0].signatureOk], [401, false]);
  });

  it('too many calls, and how long to wait', async () => {
    const simulator = await simulate();
    simulator.addFault('CheckCart', { status: 429, retryAfter: 2, count: 3 });
    const error = await failure(() => simulator.client({ timeoutMs: 1_900 }).checkCart(ID));
    assert.ok(error instanceof RateLimitedError, error.stack);
    assert.deepEqual([error.retryAfter, error.httpStatus, error.retryable], [2000, 429, true]);
  });

  it('a signature that is wrong is refused; one that is missing only when required', async () => {
    const simulator = await simulate();
    simulator.addFault('CheckCart', { signature: 'corrupt', count: 3 });
    assert.ok((await failure(() => simulator.client().checkCart(ID))) instanceof SignatureError);
    simulator.clearFaults();
    simulator.addFault('CheckCart', { signature: 'omit', count: 9 });
    assert.equal((await simulator.client().checkCart(ID)).status, 'canceled');
    const strict = simulator.client({ responseVerification: 'required' });
    assert.ok((await failure(() => strict.checkCart(ID))) instanceof SignatureError);
  });

  it('nothing in time', () =>
    withServer(
      () => 'hang',
      async (server) => {
        const error = await failure(() => server.client({ timeoutMs: 1_000 }).checkCart(ID));
        assert.ok(error instanceof TimeoutError);
        assert.equal(error.requestSent, 'maybe');
      },
    ));
});

describe('messages', () => {
  it('name things as JavaScript does', async () => {
    const client = clientOf('http://127.0.0.1:9/v1/');
    const wrong = [
      [() => new Client({ appKey: 'x', secretKey: SECRET }), 'appKey'],
      [() => new Client({ appKey: APP_KEY, secretKey: SECRET, previousSecretKeys: [''] }), 'previousSecretKeys[0]'],
      [() => new Client({ appKey: APP_KEY, secretKey: SECRET, baseUrl: 'ftp://x' }), 'baseUrl'],
      [() => client.insertCart({ ...ORDER, callbackUrl: 'x' }), 'callbackUrl'],
      [() => client.insertCart({ ...ORDER, confirmationType: 'server_callback' }), 'callbackUrl'],
      [() => client.waitForCart(ID, { policy: { minIntervalMs: 0 } }), 'minIntervalMs'],
    ];
    for (const [call, name] of wrong) {
      const { message } = await failure(call);
      assert.ok(message.includes(name), message);
      // Words for values are the same in all languages.
      const others = (message.match(/\b[a-z]+(_[a-z]+)+\b/g) ?? []).filter((word) => !/^(server_callback|if_present)$/.test(word));
      assert.deepEqual(others, [], message);
    }
  });

  it('leave alone what is quoted: it is the shop’s or the server’s own', () =>
    withServer(
      () => 'cut',
      async (server) => {
        const error = await failure(() => server.client().insertCart({ ...ORDER, reference: 'a "base_url" of customer_id' }));
        assert.ok(error instanceof OutcomeUnknownError);
        assert.match(error.message, /"a \\"base_url\\" of customer_id"/);
      },
    ));
});

describe('aborting', () => {
  const calls = {
    insertCart: (client, signal) => client.insertCart(ORDER, { signal }),
    checkCart: (client, signal) => client.checkCart(ID, { signal }),
    cancelCart: (client, signal) => client.cancelCart(ID, { signal }),
    confirmCart: (client, signal) => client.confirmCart(ID, { identifier: '1234', signal }),
    waitForCart: (client, signal) => client.waitForCart(ID, { signal }),
    settleCart: (client, signal) => client.settleCart(ID, { signal }),
    checkMany: (client, signal) => client.checkMany([ID, ID], { signal }),
    pollStep: (client, signal) => client.pollStep(new CartPoll(ID), { signal }),
    watchCart: (client, signal) => client.watchCart(ID, { signal }).next(),
    waitMany: (client, signal) => client.waitMany([ID, ID], { signal }).next(),
  };

  for (const [name, call] of Object.entries(calls)) {
    it(`${name} ends at once, with the signal's reason`, () =>
      withServer(
        () => 'hang',
        async (server) => {
          const controller = new AbortController();
          const pending = failure(() => call(server.client({ timeoutMs: 600_000 }), controller.signal));
          const inFlight = name.endsWith('Many') ? 2 : 1;
          await until(() => server.requests.length === inFlight, 'every request');
          controller.abort();
          // No answer will ever come.
          const error = await pending;
          // What InsertCart adds to the reason is in broken-off.test.mjs.
          assert.equal(name === 'insertCart' ? error.cause.cause : error, controller.signal.reason);
          assert.equal(error.name, 'AbortError');
          const seen = server.requests.length;
          await new Promise((resolve) => setTimeout(resolve, 30));
          assert.equal(server.requests.length, seen, 'nothing is sent after it');
          assert.ok(server.requests.every(({ endpoint }) => endpoint !== 'CancelCart' || name === 'cancelCart'));
        },
      ));

    it(`${name} sends nothing when the signal has aborted already`, () =>
      withServer(
        () => checkAnswer(10425),
        async (server) => {
          const reason = new Error('not today');
          assert.equal(await failure(() => call(server.client(), AbortSignal.abort(reason))), reason);
          await new Promise((resolve) => setTimeout(resolve, 20));
          assert.equal(server.requests.length, 0);
        },
      ));
  }

  it('drops the request: the server sees the connection go', async () => {
    let gone;
    const closed = new Promise((resolve) => (gone = resolve));
    const server = createServer((socket) => socket.on('close', gone).on('data', () => controller.abort()));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const controller = new AbortController();
    const client = clientOf(`http://127.0.0.1:${server.address().port}/v1/`);
    assert.equal((await failure(() => client.checkCart(ID, { signal: controller.signal }))).name, 'AbortError');
    await closed;
    server.close();
  });

  it('a thousand calls on one signal leave no listener behind, and warn of nothing', () =>
    withServer(
      () => checkAnswer(10425),
      async (server) => {
        const warnings = [];
        process.on('warning', (warning) => warnings.push(warning));
        const controller = new AbortController();
        const added = { abort: 0 };
        const { signal } = controller;
        const add = signal.addEventListener.bind(signal);
        const remove = signal.removeEventListener.bind(signal);
        signal.addEventListener = (...args) => ((added.abort += 1), add(...args));
        signal.removeEventListener = (...args) => ((added.abort -= 1), remove(...args));
        const client = server.client();
        for (let round = 0; round < 10; round += 1) {
          await Promise.all(Array.from({ length: 100 }, () => client.checkCart(ID, { signal })));
        }
        assert.equal(added.abort, 0);
        await new Promise((resolve) => setImmediate(resolve));
        assert.deepEqual(warnings, []);
      },
    ));

  it('a timeout signal rejects with its TimeoutError, the language’s own', () =>
    withServer(
      () => 'hang',
      async (server) => {
        const error = await failure(() => server.client().checkCart(ID, { signal: AbortSignal.timeout(20) }));
        assert.ok(error instanceof DOMException);
        assert.equal(error.name, 'TimeoutError');
      },
    ));
});

describe('options', () => {
  const client = clientOf('http://127.0.0.1:9/v1/');
  const refusals = {
    'an unknown member of a cart': [() => client.insertCart({ ...ORDER, amuont: 1 }), /amuont/],
    'an unknown member of an item': [
      () => client.insertCart({ ...ORDER, items: [{ name: 'a', unitPrice: 1, qty: 1 }] }),
      /items\[0\].*qty/,
    ],
    'a fault in an item, by its index': [
      () => client.insertCart({ ...ORDER, items: [{ name: 'a', unitPrice: 1 }, { name: 'b', unitPrice: 1.5 }] }),
      /items\[1\]\.unitPrice.*1\.5/,
    ],
    'no cart at all': [() => client.insertCart(), /insertCart takes an object/],
    'a phone number as a number': [() => client.insertCart({ ...ORDER, customerId: 8223281 }), /customerId must be a string/],
    'an unknown option of a call': [() => client.checkCart(ID, { singal: null }), /singal/],
    'a signal that is none': [() => client.checkCart(ID, { signal: {} }), /AbortSignal/],
    'an unknown member of a policy': [() => client.waitForCart(ID, { policy: { min: 1 } }), /policy.*min/],
    'seconds as text': [() => client.waitForCart(ID, { timeoutMs: '5' }), /timeoutMs must be a number/],
    'a cart that is a number': [() => client.checkCart(17), /transactionId.*17/],
    'a cart that is nothing': [() => client.checkCart(undefined), /transactionId.*undefined/],
    'carts that are none': [() => client.checkMany(ID), /checkMany takes an array/],
    'half a check at a time': [() => client.checkMany([ID], { concurrency: 1.5 }), /concurrency.*1\.5/],
  };
  for (const [what, [call, message]] of Object.entries(refusals)) {
    it(`${what} is refused`, async () => {
      const error = await failure(call);
      assert.ok(error instanceof InvalidRequestError, error.stack);
      assert.match(error.message, message);
      assert.equal(error.requestSent, 'no');
      assert.doesNotMatch(error.message, /8223281/);
    });
  }

  it('of the client are checked by name', async () => {
    for (const [options, message] of [
      [undefined, /object of named options/],
      [{ appKey: APP_KEY }, /secretKey is required/],
      [{ appKey: APP_KEY, secretKey: SECRET, timeout: 5 }, /'timeout'.*timeoutMs/],
      [{ appKey: APP_KEY, secretKey: Buffer.from(SECRET) }, /secretKey must be a string; got an object/],
      [{ appKey: APP_KEY, secretKey: SECRET, caFile: '/nowhere.pem' }, /nowhere\.pem/],
    ]) {
      const error = await failure(() => new Client(options));
      assert.ok(error instanceof ConfigurationError, error.stack);
      assert.match(error.message, message);
      assert.ok(!error.message.includes(SECRET));
    }
  });

  it('can come from the environment', async () => {
    const names = { NETGIRO_APP_KEY: APP_KEY, NETGIRO_SECRET_KEY: SECRET, NETGIRO_BASE_URL: 'http://127.0.0.1:9/v1' };
    for (const name of Object.keys(names)) delete process.env[name];
    assert.match((await failure(() => Client.fromEnv())).message, /NETGIRO_APP_KEY/);
    Object.assign(process.env, names);
    assert.match(inspect(Client.fromEnv()), /http:\/\/127\.0\.0\.1:9\/v1\//);
    process.env.NETGIRO_PAYMENT_INFO = 'required';
    assert.match(inspect(Client.fromEnv()), /http:\/\/127\.0\.0\.1:9\/v1\//);
    process.env.NETGIRO_PAYMENT_INFO = 'sometimes';
    assert.match((await failure(() => Client.fromEnv())).message, /paymentInfo.*sometimes/);
    delete process.env.NETGIRO_PAYMENT_INFO;
    process.env.NETGIRO_ENVIRONMENT = 'staging';
    assert.ok((await failure(() => Client.fromEnv())) instanceof ConfigurationError);
    delete process.env.NETGIRO_ENVIRONMENT;
    process.env.NETGIRO_API = 'v2';
    assert.equal(Client.fromEnv().baseUrl, 'http://127.0.0.1:9/v2/');
    process.env.NETGIRO_API = 'v3';
    assert.match((await failure(() => Client.fromEnv())).message, /api must be .*"v1", "v2"/);
    for (const name of [...Object.keys(names), 'NETGIRO_API']) delete process.env[name];
  });

  it('a closed client refuses calls, and can be closed again', async () => {
    const closed = clientOf('http://127.0.0.1:9/v1/');
    await closed.close();
    await closed.close();
    const error = await failure(() => closed.checkCart(ID));
    assert.ok(error instanceof ConfigurationError);
    assert.match(error.message, /closed/);
    assert.throws(() => closed.watchCart(ID), ConfigurationError);
    assert.throws(() => closed.verifyCallback({ url: 'a', headers: {}, body: '' }), ConfigurationError);
    assert.equal(closed.baseUrl, 'http://127.0.0.1:9/v1/');
  });
});

describe('secrets', () => {
  it('the secret key is nowhere to be seen', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const errors = [
      await failure(() => clientOf('http://127.0.0.1:9/v1/').checkCart(ID)),
      await failure(() => client.insertCart({ ...ORDER, amount: 0 })),
      await failure(() => client.waitForCart(ID, { timeoutMs: 0, policy: { minIntervalMs: 0 } })),
      await failure(() => client.verifyCallback({ url: 'https://shop.is', headers: {}, body: '{}' })),
    ];
    const cart = await client.insertCart(ORDER);
    const everything = [client, simulator, cart, ...errors];
    for (const thing of everything) {
      const texts = [inspect(thing, { depth: 9, showHidden: true }), String(thing), JSON.stringify(thing), thing.stack];
      for (const text of texts) {
        assert.ok(!text?.includes(SECRET));
        assert.ok(!text?.includes('8223281'));
      }
    }
    assert.deepEqual(Object.keys(client), []);
  });

  it('sign is a plain function', () => {
    assert.equal(sign('a', 'b', 'c', 'd'), expectedSignature('b', 'c', 'd', 'a'));
    assert.equal(sign('a', 'b', 'c', new Uint8Array([0, 255])), expectedSignature('b', 'c', Buffer.from([0, 255]), 'a'));
    assert.throws(() => sign('a', 'b', 'c', {}), InvalidRequestError);
  });
});

describe('errors', () => {
  it('name who awaited the call, and keep all facts in JSON', async () => {
    async function theShopsOwnCode() {
      return await clientOf('http://127.0.0.1:9/v1/').insertCart(ORDER);
    }
    const error = await failure(theShopsOwnCode);
    assert.match(error.stack, /theShopsOwnCode/);
    assert.deepEqual(JSON.parse(JSON.stringify(error)), {
      name: 'ConnectError',
      message: error.message,
      code: 'connect',
      httpStatus: null,
      resultCode: null,
      referenceId: null,
      requestSent: 'no',
      retryable: true,
      cause: null,
    });
  });
});

describe('an insert whose answer was lost', () => {
  it('is found by its reference, and checked', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    assert.equal(await client.findByReference('order-17', { amount: 4990 }), null);
    simulator.addFault('InsertCart', { drop: 'after' });
    const error = await failure(() => client.insertCart(ORDER));
    assert.ok(error instanceof OutcomeUnknownError);
    const cart = await client.findByReference(error.reference, { amount: 4990 });
    assert.equal(cart.transactionId, simulator.carts()[0].transactionId);
    assert.deepEqual([cart.reference, cart.amount, cart.checkInterval], ['order-17', 4990, null]);
    simulator.confirm(cart);
    assert.ok((await client.settleCart(cart)).isPaid);
    assert.equal(simulator.carts().length, 1);
    await assert.rejects(client.findByReference('order-17', { amount: 4991 }), MismatchError);
  });

  it('is not known to be none where the look-up sees less, or is gone', async () => {
    for (const referenceLookup of ['payments', 'off']) {
      const client = (await simulate({ referenceLookup })).client();
      await client.insertCart(ORDER);
      const look = () => client.findByReference('order-17', { amount: 4990 });
      if (referenceLookup === 'payments') assert.equal(await look(), null);
      else await assert.rejects(look, (error) => error instanceof ApiError && error.httpStatus === 404);
    }
  });
});
