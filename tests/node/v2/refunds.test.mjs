// Refunds and transactions, over the simulator's V2.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { ApiError, Client, ConfigurationError, InvalidRequestError, MismatchError, OutcomeUnknownError } from 'netgiro';
import { APP_KEY, failure, ID, SECRET, simulate, until, withServer } from '../harness.mjs';

const ACCEPTS = '8111111';
const KEY = 'order-1001-line-2';
const DAY = 86_400_000;

const warned = [];
process.on('warning', (warning) => warned.push(warning));

async function sold(options) {
  const simulator = await simulate(options);
  const client = simulator.client();
  const cart = await client.insertCart({ amount: 4990, reference: 'order-1001', customerId: ACCEPTS });
  return { simulator, client, cart };
}

describe('refundCart', () => {
  it('refunds in part, and what is left', async () => {
    const { simulator, client, cart } = await sold();
    const refund = await client.refundCart(cart, 1000, { idempotencyKey: KEY, description: 'Skilað: einn bolur' });
    assert.deepEqual(refund, { transactionId: cart.transactionId, amount: 1000, idempotencyKey: KEY, message: 'Success' });
    assert.ok(Object.isFrozen(refund));
    assert.deepEqual(JSON.parse(JSON.stringify(refund)), refund);
    assert.deepEqual(structuredClone(refund), refund);
    await client.refundCart(cart.transactionId, 3990n, { idempotencyKey: 'the rest', description: null });
    const { refunds, refunded, isPaid } = simulator.cart(cart);
    assert.deepEqual(
      refunds.map(({ amount, idempotencyKey, description }) => [amount, idempotencyKey, description]),
      [
        [1000, KEY, 'Skilað: einn bolur'],
        [3990, 'the rest', null],
      ],
    );
    assert.deepEqual([refunded, isPaid], [4990, true]);
    assert.ok(Object.isFrozen(refunds) && Object.isFrozen(refunds[0]));
    assert.equal((await client.checkCart(cart)).isPaid, true);
    const more = await failure(() => client.refundCart(cart, 1, { idempotencyKey: 'more' }));
    assert.ok(more instanceof ApiError && more.requestSent === 'yes', inspect(more));
    assert.match(more.customerMessage('en'), /^The refund could not be made/);
  });

  it('refunds once for each key', async () => {
    const { simulator, client, cart } = await sold();
    for (const others of [client, client, simulator.client()]) {
      assert.equal((await others.refundCart(cart, 1000, { idempotencyKey: KEY })).amount, 1000);
    }
    const another = await failure(() => client.refundCart(cart, 999, { idempotencyKey: KEY }));
    assert.ok(another instanceof MismatchError && another.requestSent === 'no', inspect(another));
    assert.match(another.message, /idempotencyKey "order-1001-line-2" was used for another/);
    const elsewhere = await failure(() => simulator.client().refundCart(cart, 999, { idempotencyKey: KEY }));
    assert.ok(elsewhere instanceof MismatchError && elsewhere.requestSent === 'yes', inspect(elsewhere));
    assert.equal(simulator.cart(cart).refunded, 1000);
  });

  it('is repeated where an answer is lost, and refunds once', async () => {
    const { simulator, client, cart } = await sold();
    simulator.addFault('Refund', { drop: 'after', count: 2 });
    await client.refundCart(cart, 1000, { idempotencyKey: KEY });
    assert.equal(simulator.requests().filter(({ endpoint }) => endpoint === 'Refund').length, 3);
    assert.equal(simulator.cart(cart).refunded, 1000);
  });

  it('says that it may have been made, and succeeds with the same key', async () => {
    const { simulator, client, cart } = await sold();
    simulator.addFault('Refund', { drop: 'after', count: 9 });
    const call = () => client.refundCart(cart, 1000, { idempotencyKey: KEY });
    const error = await failure(call);
    assert.ok(error instanceof OutcomeUnknownError, inspect(error));
    assert.deepEqual([error.idempotencyKey, error.reference, error.retryable, error.requestSent], [KEY, null, true, 'maybe']);
    assert.match(error.message, /the refund may have been made.*same idempotencyKey "order-1001-line-2"/);
    assert.equal(JSON.parse(JSON.stringify(error)).idempotencyKey, KEY);
    assert.match(error.customerMessage('en'), /^We do not know yet whether the refund went through/);
    simulator.clearFaults();
    assert.equal((await call()).amount, 1000);
    assert.equal(simulator.cart(cart).refunded, 1000);
  });

  it('reads amounts as insertCart does', async () => {
    const { simulator, client, cart } = await sold();
    const decimal = { toFixed: () => '1000.00', toString: () => '1000.00' };
    for (const [at, amount] of [1000, 1000n, '1000', decimal].entries()) {
      assert.equal((await client.refundCart(cart, amount, { idempotencyKey: `line-${at}` })).amount, 1000);
    }
    assert.equal(simulator.cart(cart).refunded, 4000);
  });

  it('refuses what is no refund, and sends nothing', async () => {
    const { simulator, client, cart } = await sold();
    const before = simulator.requests().length;
    const refused = async (call, named) => {
      const error = await failure(call);
      assert.ok(error instanceof InvalidRequestError, inspect(error));
      assert.match(error.message, named);
    };
    for (const options of [undefined, null, {}, { idempotencyKey: undefined }, { idempotencyKey: null }]) {
      await refused(() => client.refundCart(cart, 1000, options), /refundCart: idempotencyKey is required/);
    }
    for (const idempotencyKey of [17, ['key'], {}]) {
      await refused(() => client.refundCart(cart, 1000, { idempotencyKey }), /refundCart: idempotencyKey must be a string/);
    }
    for (const idempotencyKey of ['', ' ', 'a\nb', '\u2028', 'k'.repeat(101)]) {
      await refused(() => client.refundCart(cart, 1000, { idempotencyKey }), /^idempotencyKey must be the shop's own name/);
    }
    for (const amount of [undefined, null, 0, -1, 1.5, NaN, '', '10 kr', {}, [1], true, 4991]) {
      await refused(() => client.refundCart(cart, amount, { idempotencyKey: KEY }), /^amount must /);
    }
    await refused(() => client.refundCart(cart, 1000, KEY), /refundCart takes an object of named options; got a string/);
    await refused(() => client.refundCart(cart, 1000, { idempotencyKey: KEY, key: KEY }), /has no option 'key'/);
    await refused(() => client.refundCart('x', 1000, { idempotencyKey: KEY }), /transactionId/);
    assert.equal(simulator.requests().length, before);
    const old = new Client({ appKey: APP_KEY, secretKey: SECRET, baseUrl: 'https://test.netgiro.is/api/' });
    await assert.rejects(old.refundCart(ID, 1000, { idempotencyKey: KEY }), ConfigurationError);
    await assert.rejects(old.getTransaction(ID), ConfigurationError);
    await old.close();
    await assert.rejects(old.refundCart(ID, 1000, { idempotencyKey: KEY }), /the client is closed/);
  });

  it('refunds neither what is not paid nor what is not there', async () => {
    const { simulator, client } = await sold();
    const open = await client.insertCart({ amount: 4990, reference: 'order-1002', customerId: '8223281' });
    await assert.rejects(client.refundCart(open, 1000, { idempotencyKey: KEY }), ApiError);
    await assert.rejects(client.refundCart(ID, 1000, { idempotencyKey: 'of nothing' }), ApiError);
    assert.equal(simulator.cart(open).refunded, 0);
  });
});

describe('a refund that is aborted in flight', () => {
  const aborted = (reason) =>
    withServer(
      () => 'hang',
      async (server) => {
        warned.length = 0;
        const controller = new AbortController();
        const { signal } = controller;
        const pending = failure(() => server.client().refundCart(ID, 1000, { idempotencyKey: KEY, signal }));
        await until(() => server.requests.length === 1, 'the request');
        controller.abort(reason);
        const error = await pending;
        assert.equal(server.requests.length, 1);
        await until(() => warned.length > 0, 'the warning');
        return { error, reason: signal.reason };
      },
    );

  it('may have been made, and says so', async () => {
    const timedOut = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    for (const [given, name] of [
      [undefined, 'AbortError'],
      ['the shop closes', 'AbortError'],
      [timedOut, 'TimeoutError'],
    ]) {
      const { error, reason } = await aborted(given);
      assert.equal(error.name, name);
      assert.match(error.message, /the refund may have been made: see its cause/);
      const { cause } = error;
      assert.ok(cause instanceof OutcomeUnknownError, inspect(error));
      assert.deepEqual([cause.idempotencyKey, cause.requestSent, cause.retryable], [KEY, 'maybe', true]);
      assert.match(cause.message, /Refund again with the same idempotencyKey "order-1001-line-2"/);
      assert.match(cause.customerMessage('en'), /^We do not know yet whether the refund went through/);
      assert.equal(cause.cause, reason);
      assert.deepEqual(
        warned.map((warning) => [warning.name, warning.code, warning.message]),
        [['NetgiroWarning', 'outcome_unknown', cause.message]],
      );
    }
  });

  it('rejects with the reason itself where it was aborted before', async () => {
    const { simulator, client, cart } = await sold();
    const signal = AbortSignal.abort();
    const error = await failure(() => client.refundCart(cart, 1000, { idempotencyKey: KEY, signal }));
    assert.equal(error, signal.reason);
    assert.equal(simulator.cart(cart).refunded, 0);
  });

  it('succeeds with the same key', async () => {
    const { simulator, client, cart } = await sold();
    simulator.addFault('Refund', { delayMs: 60_000 });
    const controller = new AbortController();
    const { signal } = controller;
    const pending = failure(() => client.refundCart(cart, 1000, { idempotencyKey: KEY, signal }));
    await until(() => simulator.cart(cart).refunded > 0, 'the refund');
    controller.abort();
    assert.ok((await pending).cause instanceof OutcomeUnknownError);
    assert.equal((await client.refundCart(cart, 1000, { idempotencyKey: KEY })).amount, 1000);
    assert.equal(simulator.cart(cart).refunded, 1000);
  });

  it('is no crash where its worker is terminated', () =>
    withServer(
      () => 'hang',
      async ({ requests, baseUrl }) => {
        const source = `
          const { workerData } = require('node:worker_threads');
          const { Client } = require('netgiro');
          new Client(workerData).refundCart('${ID}', 1000, { idempotencyKey: '${KEY}' });
        `;
        const workerData = { appKey: APP_KEY, secretKey: SECRET, baseUrl };
        const worker = new Worker(source, { eval: true, workerData });
        await until(() => requests.length === 1, 'the request');
        await worker.terminate();
      },
    ));
});

it('refunds in several workers at once, once for each key', async () => {
  const { simulator, cart } = await sold();
  const source = `
    const { parentPort, workerData: { keys, transactionId, ...options } } = require('node:worker_threads');
    const { Client } = require('netgiro');
    const client = new Client(options);
    Promise.all(keys.map((idempotencyKey) => client.refundCart(transactionId, 100, { idempotencyKey }))).then(
      (refunds) => parentPort.postMessage(refunds),
    );
  `;
  const { appKey, secretKey, url: baseUrl } = simulator;
  const keys = Array.from({ length: 10 }, (_, at) => `line-${at}`);
  const workerData = { appKey, secretKey, baseUrl, keys, transactionId: cart.transactionId };
  const worked = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(source, { eval: true, workerData });
          worker.on('message', resolve).on('error', reject);
        }),
    ),
  );
  for (const refunds of worked) assert.deepEqual(refunds.map(({ idempotencyKey }) => idempotencyKey), keys);
  assert.equal(simulator.cart(cart).refunded, 1000);
});

describe('the simulator', () => {
  const status = async (call) => (await failure(call)).httpStatus;

  it('refuses with the status that it is set up with', async () => {
    for (const [options, wanted] of [
      [{}, [400, 400]],
      [{ v2RefusalStatus: 200 }, [200, 200]],
      [{ unknownTransactionIs404: true }, [400, 404]],
    ]) {
      const { client, cart } = await sold(options);
      const { transactionId } = cart;
      const tooMuch = await status(() => client.refundCart(transactionId, 4991, { idempotencyKey: KEY }));
      assert.deepEqual([tooMuch, await status(() => client.getTransaction(ID))], wanted);
    }
  });

  it('refuses a repeated key, which is read as a refund that has been made', async () => {
    const { simulator, client, cart } = await sold({ repeatedRefund: 'refuse' });
    for (const each of [client, simulator.client()]) {
      assert.equal((await each.refundCart(cart, 1000, { idempotencyKey: KEY })).amount, 1000);
    }
    assert.equal(simulator.requests().filter(({ endpoint, status: said }) => endpoint === 'Refund' && said === 400).length, 1);
    assert.equal(simulator.cart(cart).refunded, 1000);
  });

  it('refuses to refund what is settled', async () => {
    const { simulator, client, cart } = await sold({ refuseSettledRefunds: true });
    simulator.advance(2 * DAY);
    await assert.rejects(client.refundCart(cart, 1000, { idempotencyKey: KEY }), ApiError);
  });

  it('refuses options that it does not know', async () => {
    for (const options of [{ v2RefusalStatus: 404 }, { repeatedRefund: 'never' }, { refuseSettledRefunds: 1 }]) {
      await assert.rejects(simulate(options), InvalidRequestError, inspect(options));
    }
  });
});

describe('getTransaction', () => {
  it('says whether it is paid, can be refunded and is settled', async () => {
    const { simulator, client, cart } = await sold({ decimals: 2 });
    const transaction = await client.getTransaction(cart);
    const { created } = simulator.cart(cart);
    assert.deepEqual(transaction, {
      transactionId: cart.transactionId,
      status: 'paid',
      totalAmount: '4990.00',
      isRefundable: true,
      created,
      settlementDate: null,
    });
    assert.ok(Object.isFrozen(transaction));
    assert.deepEqual(structuredClone(transaction), transaction);
    await client.refundCart(cart, 1000, { idempotencyKey: KEY });
    assert.equal((await client.getTransaction(cart)).totalAmount, '4990.00');
    simulator.advance(2 * DAY);
    const { settlementDate } = await client.getTransaction(cart.transactionId);
    assert.equal(new Date(settlementDate).toISOString(), settlementDate);
  });

  it('knows the others', async () => {
    const { simulator, client } = await sold();
    const status = async (customerId, then = () => {}) => {
      const cart = await client.insertCart({ amount: 1, reference: 'order', customerId });
      await then(cart);
      return (await client.getTransaction(cart)).status;
    };
    assert.equal(await status('8223281'), 'unpaid');
    assert.equal(await status('8223281', (cart) => client.cancelCart(cart)), 'canceled');
    assert.equal(await status('8222222'), 'canceled');
    simulator.addFault('Details', { status: 200, body: `{"TransactionId":"${ID}","Status":"refunded"}` });
    assert.deepEqual(await client.getTransaction(ID), {
      transactionId: ID,
      status: 'unknown',
      totalAmount: null,
      isRefundable: null,
      created: null,
      settlementDate: null,
    });
  });

  it('compares the amount, and refuses what is no cart', async () => {
    const { simulator, client, cart } = await sold();
    const other = { transactionId: cart.transactionId, amount: 4991 };
    await assert.rejects(client.getTransaction(other), MismatchError);
    await assert.rejects(client.getTransaction(ID), ApiError);
    const before = simulator.requests().length;
    for (const wrong of [undefined, null, 17, 'x', {}, [cart]]) {
      await assert.rejects(client.getTransaction(wrong), InvalidRequestError, inspect(wrong));
    }
    await assert.rejects(client.getTransaction(cart, { key: KEY }), InvalidRequestError);
    assert.equal(simulator.requests().length, before);
    const signal = AbortSignal.abort();
    await assert.rejects(client.getTransaction(cart, { signal }), { name: 'AbortError' });
  });
});
