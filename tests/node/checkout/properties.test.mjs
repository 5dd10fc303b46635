// Whatever is given: a result or a NetgiroError, never a crash, a hang or an error of another kind.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { CartPoll, Client, NetgiroError, sign } from 'netgiro';
import { APP_KEY, expectedSignature, full, ID, SECRET, withServer, insertAnswer } from '../harness.mjs';

const fc = await import('fast-check').then((module) => module.default, () => null);
const skip = fc ? false : 'fast-check is not installed';
/** The seed is printed with what fails; NETGIRO_SEED plays it again. */
const runs = (numRuns) => ({
  numRuns: full ? numRuns * 20 : numRuns,
  ...(process.env.NETGIRO_SEED ? { seed: Number(process.env.NETGIRO_SEED) } : {}),
});
const client = new Client({ appKey: APP_KEY, secretKey: SECRET });

/** Any value of JavaScript's, the awkward ones among them. */
function anything() {
  const awkward = [
    () => undefined,
    () => Symbol('symbol'),
    () => () => {},
    () => new Proxy({}, {}),
    () => Object.create(null),
    () => new Map([['a', 1]]),
    () => new Uint8Array(3),
    () => new Date(NaN),
    () => new Error('an error'),
    () => Promise.resolve(1),
    () => ({ toString: null, valueOf: null }),
    () => 2n ** 200n,
    () => -0,
    () => '\ud800',
  ];
  return fc.oneof(
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withNullPrototype: true }),
    fc.constantFrom(...awkward).map((make) => make()),
  );
}

/** What a call does: it may only succeed, or fail as this package fails. */
async function holds(call) {
  try {
    await call();
  } catch (error) {
    assert.ok(error instanceof NetgiroError, `${inspect(error)}`);
    assert.equal(typeof error.message, 'string');
    inspect(error);
    JSON.stringify(error);
  }
}

describe('arguments', { skip }, () => {
  it('of insertCart may be anything', () =>
    withServer(
      () => insertAnswer(),
      async (server) => {
        const target = server.client();
        const order = { amount: 4990, reference: 'order-17', customerId: '8223281' };
        const members = [...Object.keys(order), 'confirmationType', 'callbackUrl', 'description', 'items', 'locationId'];
        await fc.assert(
          fc.asyncProperty(fc.constantFrom(...members), anything(), (name, value) =>
            holds(() => target.insertCart({ ...order, [name]: value })),
          ),
          runs(300),
        );
        await fc.assert(
          fc.asyncProperty(fc.constantFrom('name', 'unitPrice', 'quantity', 'amount', 'productNo'), anything(), (name, value) =>
            holds(() => target.insertCart({ ...order, items: [{ name: 'Ull', unitPrice: 4990, [name]: value }] })),
          ),
          runs(200),
        );
        await fc.assert(fc.asyncProperty(anything(), anything(), (...given) => holds(() => target.insertCart(...given))), runs(200));
        // What was sent is what was meant: a whole number of krónur, and nothing else.
        for (const { body } of server.requests) {
          const { Amount } = JSON.parse(body);
          assert.ok(Number.isInteger(Amount) && Amount >= 1 && Amount <= 2_147_483_647);
        }
      },
    ));

  it('of everything that takes a cart may be anything', () =>
    withServer(
      () => ({ status: 400, body: '' }),
      async (server) => {
        const target = server.client();
        const methods = ['checkCart', 'cancelCart', 'confirmCart', 'waitForCart', 'settleCart', 'pollStep', 'checkMany'];
        await fc.assert(
          fc.asyncProperty(fc.constantFrom(...methods), anything(), anything(), (method, cart, options) =>
            holds(() => target[method](cart, options)),
          ),
          runs(400),
        );
        await fc.assert(
          fc.asyncProperty(fc.constantFrom('watchCart', 'waitMany'), anything(), anything(), (method, cart, options) =>
            holds(() => target[method](cart, options).return()),
          ),
          runs(200),
        );
      },
    ));

  it('of the constructors and of sign may be anything', async () => {
    const usual = { appKey: APP_KEY, secretKey: SECRET };
    const names = ['appKey', 'secretKey', 'environment', 'api', 'baseUrl', 'timeoutMs', 'caFile', 'previousSecretKeys', 'proxy', 'x'];
    const property = fc.asyncProperty(fc.constantFrom(...names), anything(), async (name, value) => {
      await holds(() => new Client({ ...usual, [name]: value }));
      await holds(() => new Client(value));
      await holds(() => new CartPoll(value));
      await holds(() => new CartPoll(ID, value));
      await holds(() => sign(value, '1', 'u', value));
    });
    await fc.assert(property, runs(300));
  });

  it('of verifyCallback may be anything', async () => {
    const property = fc.asyncProperty(anything(), anything(), anything(), async (url, headers, body) => {
      await holds(() => client.verifyCallback({ url, headers, body }));
      await holds(() => client.verifyCallback({ url: 'https://shop.is', headers, body: '{}' }));
      await holds(() => client.verifyCallback({ url: 'https://shop.is', headers: {}, body }));
      await holds(() => client.verifyCallback(headers));
    });
    await fc.assert(property, runs(300));
  });

  it('of a callback, of the simulator and of an answer to a poll may be anything', async () => {
    const { simulate } = await import('../harness.mjs');
    const simulator = await simulate();
    const text = `{"PaymentInfo":{"TransactionId":"${ID}","ReferenceNumber":"order-17","TotalAmount":4990}}`;
    const headers = { netgiro_nonce: '1', netgiro_signature: expectedSignature('1', 'u', text) };
    const callback = client.verifyCallback({ url: 'u', headers, body: text });
    const poll = new CartPoll(ID);
    const faults = ['status', 'retryAfter', 'headers', 'body', 'bodyAs', 'count', 'delayMs', 'x'];
    const property = fc.asyncProperty(anything(), anything(), fc.constantFrom(...faults), async (one, other, fault) => {
      await holds(() => callback.matches(one, other) && assert.deepEqual([one, other].map(String), ['4990', 'order-17']));
      await holds(() => callback.matches(4990, other) && assert.equal(other, 'order-17'));
      await holds(() => poll.answered(one, other));
      await holds(() => poll.answered('pending', { now: one, jitter: other }));
      await holds(() => simulator.addFault(one, other));
      await holds(() => simulator.addFault('CheckCart', { [fault]: other }));
      await holds(() => simulator.storm(one));
      await holds(() => simulator.confirm(one));
      await holds(() => simulator.advance(one));
      simulator.clearFaults();
    });
    await fc.assert(property, runs(300));
  });

  it('amounts: a number is sent as it is or refused, never rounded', async () => {
    const numbers = fc.oneof(fc.double(), fc.integer(), fc.bigInt(), fc.maxSafeInteger());
    await withServer(
      () => insertAnswer(),
      async (server) => {
        const target = server.client();
        const property = fc.asyncProperty(numbers, async (amount) => {
          const seen = server.requests.length;
          await holds(() => target.insertCart({ amount, reference: 'order-17', customerId: '8223281' }));
          // eslint-disable-next-line eqeqeq -- 5n is sent as 5
          if (server.requests.length > seen) assert.ok(JSON.parse(server.requests.at(-1).body).Amount == amount);
        });
        await fc.assert(property, runs(300));
      },
    );
  });
});

/** The text with a few of its characters removed, doubled or replaced. */
function mutated(text) {
  const change = fc.record({ at: fc.nat(text.length), deleted: fc.nat(3), inserted: fc.string({ maxLength: 3 }) });
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) =>
    changes.reduce((so, { at, deleted, inserted }) => so.slice(0, at) + inserted + so.slice(at + deleted), text),
  );
}

describe('mutations', { skip }, () => {
  it('of a token are read, or refused; what is read is itself again', () => {
    const poll = new CartPoll({ transactionId: ID, amount: 4990, reference: 'order-17' }, { now: 1_000_000 });
    const seen = poll.answered('pending', { sentAt: 1_000_000, now: 1_000_100, jitter: 0.5 });
    const property = fc.property(mutated(seen.toJson()), (token) => {
      let read;
      try {
        read = CartPoll.fromJson(token);
      } catch (error) {
        assert.equal(error.code, 'invalid_request', error.stack);
        return;
      }
      assert.deepEqual(CartPoll.fromJson(read.toJson()), read);
      try {
        const next = read.answered('pending', { sentAt: read.nextCheckAt, now: read.nextCheckAt, jitter: 0 });
        assert.ok(next.isDone || next.nextCheckAt > read.nextCheckAt, 'time goes on, and never hot');
      } catch (error) {
        assert.ok(error instanceof NetgiroError, error.stack);
      }
    });
    fc.assert(property, runs(2000));
  });

  it('of a callback are refused', () => {
    const url = 'https://shop.is/cb';
    const body = JSON.stringify({
      PaymentSuccessful: true,
      PaymentInfo: { TransactionId: ID, ReferenceNumber: 'order-17', TotalAmount: 4990 },
      Success: true,
      ResultCode: 10200,
    });
    const nonce = '638412345678901234';
    const signature = expectedSignature(nonce, url, body);
    const true_ = [url, nonce, signature, body];
    const verify = ([its, netgiro_nonce, netgiro_signature, text]) =>
      client.verifyCallback({ url: its, headers: { netgiro_nonce, netgiro_signature }, body: text });
    assert.ok(verify(true_).state.isPaid);
    const property = fc.property(fc.tuple(...true_.map((part) => fc.oneof(fc.constant(part), mutated(part)))), (parts) => {
      // A signature may come in upper case, and header values between blanks.
      fc.pre(parts.some((part, at) => at === 3 ? part !== body : part.trim().toLowerCase() !== true_[at].toLowerCase()));
      assert.throws(() => verify(parts), (error) => error.code === 'signature');
    });
    fc.assert(property, runs(2000));
  });

  it('of a callback that is signed all the same give a callback or an error, and are paid only if they say so', () => {
    const body = `{"PaymentSuccessful":true,"PaymentInfo":{"TransactionId":"${ID}","TotalAmount":4990},"Success":true,"ResultCode":10200}`;
    const property = fc.property(mutated(body), (text) => {
      const headers = { netgiro_nonce: '1', netgiro_signature: expectedSignature('1', 'u', text) };
      try {
        const { state } = client.verifyCallback({ url: 'u', headers, body: text });
        if (!state.isPaid) return;
        const said = JSON.parse(text);
        assert.ok([10200, 10203].includes(said.ResultCode) && said.PaymentSuccessful === true);
      } catch (error) {
        assert.ok(['signature', 'protocol'].includes(error.code), error.stack);
      }
    });
    fc.assert(property, runs(2000));
  });
});
