// Waiting for carts: one, many, to the end, step by step; and the flows of the API against the simulator.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import {
  CartPoll,
  InvalidRequestError,
  NetgiroError,
  SignatureError,
  AuthenticationError,
  UnresolvedError,
  WaitTimeoutError,
} from 'netgiro';
import { checkAnswer, failure, ID, insertAnswer, QUICK, simulate, until, withServer } from '../harness.mjs';

const ORDER = { amount: 4990, reference: 'order-17', customerId: '8223281' };
const quick = { policy: QUICK };

/** CheckCart's answers, one after the other; the last one again and again. */
function answers(...codes) {
  let at = 0;
  return ({ endpoint }) => {
    if (endpoint !== 'CheckCart') return checkAnswer(10201, { paid: undefined });
    const code = codes[Math.min(at, codes.length - 1)];
    at += 1;
    return typeof code === 'number' ? checkAnswer(code) : code;
  };
}

const checks = (server) => server.requests.filter(({ endpoint }) => endpoint === 'CheckCart').length;

describe('waitForCart', () => {
  for (const [status, code] of [
    ['confirmed', 10200],
    ['canceled', 10201],
    ['declined', 10423],
    ['reserved', 10426],
    ['needs_code', 10428],
  ]) {
    it(`goes on while the cart is pending, and stops when it is ${status}`, () =>
      withServer(answers(10425, 10429, 10999, code), async (server) => {
        const updates = [];
        const onUpdate = (state) => updates.push([state.status, state.resultCode]);
        const state = await server.client().waitForCart(ID, { ...quick, onUpdate });
        assert.equal(state.status, status);
        assert.deepEqual(updates, [
          ['pending', 10425],
          ['awaiting_callback', 10429],
          ['unknown', 10999],
          [status, code],
        ]);
        // 10201 may mean that the cart is not there yet: it is believed when it is seen twice.
        assert.equal(checks(server), status === 'canceled' ? 5 : 4);
      }));
  }

  it('a cart that is not there yet is not canceled, and no update says so', () =>
    withServer(answers(10201, 10425, 10201, 10200), async (server) => {
      const updates = [];
      const onUpdate = ({ status }) => updates.push(status);
      assert.ok((await server.client().waitForCart(ID, { ...quick, onUpdate })).isPaid);
      assert.deepEqual(updates, ['pending', 'confirmed']);
    }));

  it('tells of a change once, not of every check', () =>
    withServer(answers(10425, 10425, 10425, 10200), async (server) => {
      const updates = [];
      await server.client().waitForCart(ID, { ...quick, onUpdate: ({ status }) => updates.push(status) });
      assert.deepEqual(updates, ['pending', 'confirmed']);
    }));

  it('what onUpdate throws ends the wait, and the polling', () =>
    withServer(answers(10425), async (server) => {
      const mine = new Error('mine');
      const onUpdate = () => {
        throw mine;
      };
      assert.equal(await failure(() => server.client().waitForCart(ID, { ...quick, onUpdate })), mine);
      const seen = server.requests.length;
      await new Promise((resolve) => setTimeout(resolve, 60));
      assert.ok(server.requests.length <= seen + 1);
    }));

  it('carries on through failures', () =>
    withServer(answers('cut', { status: 500, body: '' }, { body: 'x' }, { status: 429, body: '' }, 10200), async (server) => {
      assert.equal((await server.client().waitForCart(ID, quick)).status, 'confirmed');
      assert.equal(checks(server), 5);
    }));

  it('stops at once when the keys are not accepted', () =>
    withServer(answers(10425, { status: 401, body: '' }), async (server) => {
      assert.ok((await failure(() => server.client().waitForCart(ID, quick))) instanceof AuthenticationError);
      assert.equal(checks(server), 2);
    }));

  it('stops at the third answer in a row that does not verify', async () => {
    const simulator = await simulate();
    simulator.addFault('CheckCart', { signature: 'corrupt', count: 9 });
    const error = await failure(() => simulator.client().waitForCart(ID, quick));
    assert.ok(error instanceof SignatureError);
    assert.equal(simulator.requests().length, 3);
  });

  it('checks once more at the deadline, then says how to go on', () =>
    withServer(answers(10425), async (server) => {
      const started = Date.now();
      const policy = { minIntervalMs: 400, defaultIntervalMs: 400, maxIntervalMs: 400 };
      const client = server.client();
      const error = await failure(() => client.waitForCart(ID, { timeoutMs: 1_000, policy }));
      const took = Date.now() - started;
      assert.ok(error instanceof WaitTimeoutError, error.stack);
      assert.ok(took >= 995, `${took} ms`);
      assert.equal(error.state.status, 'pending');
      assert.ok(error.poll instanceof CartPoll);
      assert.ok(server.requests.length >= 2 && server.requests.length <= 4);
      assert.ok(server.requests.every(({ endpoint }) => endpoint === 'CheckCart'));
      const again = await failure(() => client.waitForCart(error.poll, { timeoutMs: 1 }));
      assert.ok(again instanceof WaitTimeoutError);
    }));

  for (const hint of [0, -1, null]) {
    it(`a hint of ${hint} does not make it hot`, () =>
      withServer(
        (request) => (request.endpoint === 'InsertCart' ? insertAnswer(hint) : checkAnswer(10425)),
        async (server) => {
          const client = server.client();
          const cart = await client.insertCart(ORDER);
          await failure(() => client.waitForCart(cart, { timeoutMs: 1_000 }));
          assert.equal(checks(server), 2, 'the first, and the one at the deadline');
        },
      ));
  }

  it('leaves the cart alone when aborted', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const cart = await client.insertCart(ORDER);
    const controller = new AbortController();
    const pending = failure(() =>
      client.settleCart(cart, { ...quick, signal: controller.signal, onUpdate: () => controller.abort() }),
    );
    assert.equal((await pending).name, 'AbortError');
    assert.equal(simulator.cart(cart).status, 'pending');
    assert.ok(simulator.requests().every(({ endpoint }) => endpoint !== 'CancelCart'));
  });
});

describe('settleCart', () => {
  it('nobody answers: cancels, and says so', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const cart = await client.insertCart(ORDER);
    const state = await client.settleCart(cart, { timeoutMs: 50, ...quick });
    assert.deepEqual([state.status, state.isPaid], ['canceled', false]);
    assert.equal(simulator.cart(cart).status, 'canceled');
  });

  it('the customer accepts while it cancels: paid, and said so', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const cart = await client.insertCart(ORDER);
    simulator.addFault('CancelCart', { confirmDuring: true });
    const updates = [];
    const state = await client.settleCart(cart, { timeoutMs: 50, ...quick, onUpdate: (s) => updates.push(s.status) });
    assert.deepEqual([state.status, state.isPaid], ['confirmed', true]);
    assert.deepEqual(updates, ['pending', 'confirmed']);
    assert.ok(simulator.cart(cart).isPaid);
  });

  it('the truth cannot be learnt: says that, with what it knows', () =>
    withServer(
      (request, index) => (index === 0 ? checkAnswer(10425) : { status: 500, body: '' }),
      async (server) => {
        const error = await failure(() => server.client().settleCart(ID, { timeoutMs: 20, ...quick }));
        assert.ok(error instanceof UnresolvedError, error.stack);
        assert.equal(error.state.status, 'pending');
        assert.ok(error.poll instanceof CartPoll);
        assert.ok(error.cause instanceof NetgiroError);
      },
    ));
});

describe('watchCart', () => {
  it('gives each change, then ends', () =>
    withServer(answers(10425, 10425, 10429, 10200), async (server) => {
      const seen = [];
      for await (const state of server.client().watchCart(ID, quick)) seen.push(state.status);
      assert.deepEqual(seen, ['pending', 'awaiting_callback', 'confirmed']);
    }));

  it('break stops the polling', () =>
    withServer(answers(10425), async (server) => {
      for await (const state of server.client().watchCart(ID, quick)) {
        assert.equal(state.status, 'pending');
        break;
      }
      const seen = server.requests.length;
      await new Promise((resolve) => setTimeout(resolve, 60));
      assert.equal(server.requests.length, seen);
    }));

  it('return() ends a step in flight', () =>
    withServer(
      () => 'hang',
      async (server) => {
        const watch = server.client().watchCart(ID);
        const step = watch.next();
        await until(() => server.requests.length > 0, 'a request');
        assert.deepEqual(await watch.return('bye'), { done: true, value: 'bye' });
        assert.deepEqual(await step, { done: true, value: undefined });
        assert.deepEqual(await watch.next(), { done: true, value: undefined });
      },
    ));

  it('ends with the error, once', () =>
    withServer(answers(10425, { status: 403, body: '' }), async (server) => {
      const watch = server.client().watchCart(ID, quick);
      assert.equal((await watch.next()).value.status, 'pending');
      assert.ok((await failure(() => watch.next())) instanceof AuthenticationError);
      assert.deepEqual(await watch.next(), { done: true, value: undefined });
    }));

  it('refuses bad arguments at once', async () => {
    await withServer(answers(10425), async (server) => {
      assert.throws(() => server.client().watchCart('nonsense'), InvalidRequestError);
      assert.throws(() => server.client().waitMany([ID, 'nonsense']), /carts\[1\]/);
    });
  });
});

describe('checkMany', () => {
  it('gives one result for each, in order, and tells how far it is', async () => {
    const simulator = await simulate({ unknownCartCode: 10424 });
    const client = simulator.client();
    const carts = [];
    for (let n = 0; n < 5; n += 1) carts.push(await client.insertCart({ ...ORDER, reference: `order-${n}` }));
    simulator.confirm(carts[1]);
    simulator.decline(carts[3].transactionId);
    simulator.addFault('CheckCart', { status: 401 });
    const progress = [];
    const results = await client.checkMany([...carts, ID], {
      concurrency: 1,
      onProgress: (done, total) => progress.push(`${done}/${total}`),
    });
    assert.deepEqual(
      results.map(({ state, error }) => state?.status ?? error.code),
      ['authentication', 'confirmed', 'pending', 'declined', 'pending', 'not_found'],
    );
    assert.deepEqual(results.map(({ transactionId }) => transactionId), [...carts.map((c) => c.transactionId), ID]);
    assert.deepEqual(progress, ['1/6', '2/6', '3/6', '4/6', '5/6', '6/6']);
    assert.ok(results.every(({ state, error }) => (state === null) !== (error === null)));
    assert.ok(results[0].error instanceof AuthenticationError);
  });

  it('of nothing is nothing', () =>
    withServer(answers(10425), async (server) => {
      assert.deepEqual(await server.client().checkMany([]), []);
      assert.deepEqual(await server.client().checkMany(new Set()), []);
    }));

  it('has no more in flight than it may', async () => {
    let now = 0;
    let most = 0;
    await withServer(
      async () => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setTimeout(resolve, 2));
        now -= 1;
        return checkAnswer(10425);
      },
      async (server) => {
        await server.client().checkMany(Array(40).fill(ID), { concurrency: 4 });
        assert.equal(server.requests.length, 40);
        assert.ok(most <= 4 && most > 1, `${most}`);
      },
    );
  });

  it('what onProgress throws ends it', () =>
    withServer(answers(10425), async (server) => {
      const mine = new Error('mine');
      const onProgress = () => {
        throw mine;
      };
      assert.equal(await failure(() => server.client().checkMany([ID, ID], { onProgress })), mine);
    }));
});

describe('waitMany', () => {
  it('gives each cart as it settles', async () => {
    const simulator = await simulate({ checkIntervalMs: null });
    const client = simulator.client();
    const carts = await Promise.all(
      Array.from({ length: 20 }, (_, n) => client.insertCart({ ...ORDER, reference: `order-${n}` })),
    );
    const progress = [];
    const order = [];
    const left = [...carts];
    const waiting = client.waitMany(carts, { ...quick, onProgress: (done, total) => progress.push([done, total]) });
    simulator.confirm(left.shift());
    for await (const { transactionId, state, error } of waiting) {
      assert.equal(error, null);
      order.push(transactionId);
      assert.equal(state.status, order.length % 2 ? 'confirmed' : 'declined');
      const next = left.shift();
      if (next) order.length % 2 ? simulator.decline(next) : simulator.confirm(next);
    }
    assert.deepEqual(order, carts.map(({ transactionId }) => transactionId));
    assert.deepEqual(progress.at(-1), [20, 20]);
  });

  it('a cart that is not decided in time has its error for a result', () =>
    withServer(answers(10425), async (server) => {
      const results = [];
      for await (const result of server.client().waitMany([ID], { timeoutMs: 30, ...quick })) results.push(result);
      assert.equal(results.length, 1);
      assert.equal(results[0].state, null);
      assert.ok(results[0].error instanceof WaitTimeoutError);
      assert.ok(results[0].error.poll instanceof CartPoll);
    }));

  it('break stops the polling of all', () =>
    withServer(answers(10200, 10425), async (server) => {
      for await (const { state } of server.client().waitMany([ID, ID, ID], quick)) {
        assert.equal(state.status, 'confirmed');
        break;
      }
      const seen = server.requests.length;
      await new Promise((resolve) => setTimeout(resolve, 60));
      assert.ok(server.requests.length <= seen + 2);
    }));

  it('an abort ends it at once, whatever is ready', async () => {
    const simulator = await simulate();
    const controller = new AbortController();
    const ids = Array.from({ length: 5 }, (_, n) => `0f0e0d0c-0b0a-4908-8706-05040302010${n}`);
    const onProgress = (done) => done === 5 && controller.abort();
    const waiting = simulator.client().waitMany(ids, { ...quick, onProgress, signal: controller.signal });
    assert.equal((await waiting.next()).value.state.status, 'canceled');
    await until(() => controller.signal.aborted, 'all are done');
    const next = await waiting.next().catch((error) => error);
    assert.ok(next === controller.signal.reason || next.done, JSON.stringify(next));
    assert.deepEqual(await waiting.next(), { done: true, value: undefined });
  });

  it('steps may be asked for ahead', () =>
    withServer(answers(10200), async (server) => {
      const waiting = server.client().waitMany([ID, ID], quick);
      const steps = await Promise.all([waiting.next(), waiting.next(), waiting.next()]);
      assert.deepEqual(steps.map(({ done }) => done), [false, false, true]);
    }));

  it('nothing is sent before the first step, or after return()', () =>
    withServer(answers(10200), async (server) => {
      const waiting = server.client().waitMany([ID], quick);
      await waiting.return();
      assert.deepEqual(await waiting.next(), { done: true, value: undefined });
      assert.equal(server.requests.length, 0);
    }));
});

describe('CartPoll', () => {
  it('goes step by step, through JSON', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const cart = await client.insertCart(ORDER);
    const seldom = { minIntervalMs: 600_000, defaultIntervalMs: 600_000, maxIntervalMs: 600_000 };
    let poll = new CartPoll(cart, { timeoutMs: 6_000_000, policy: seldom });
    assert.equal(poll.transactionId, cart.transactionId);
    assert.ok(poll.nextCheckAt <= Date.now());
    poll = await client.pollStep(poll);
    assert.equal(poll.state.status, 'pending');
    const early = await client.pollStep(poll.toJson());
    assert.deepEqual(early, poll);
    assert.equal(simulator.cart(cart).checks, 1, 'a step too early sends nothing');
    simulator.confirm(cart);
    const { nextCheckAt } = poll;
    assert.ok(nextCheckAt > Date.now());
    poll = new CartPoll(cart, { policy: QUICK });
    poll = await client.pollStep(JSON.parse(JSON.stringify(poll)));
    assert.ok(poll.isDone && poll.state.isPaid);
    assert.deepEqual(await client.pollStep(poll), poll);
    assert.equal(simulator.cart(cart).checks, 2);
    assert.ok(!poll.toJson().includes('8223281'));
  });

  it('at the deadline says so, with the poll to resume from', () =>
    withServer(answers(10425), async (server) => {
      const poll = new CartPoll(ID, { timeoutMs: 0 });
      const error = await failure(() => server.client().pollStep(poll));
      assert.ok(error instanceof WaitTimeoutError);
      assert.equal(error.state.status, 'pending');
      assert.ok(error.poll instanceof CartPoll);
    }));

  it('is immutable, and made only by its own doors', () => {
    const poll = new CartPoll(ID);
    assert.throws(() => {
      'use strict';
      poll.isDone = true;
    }, TypeError);
    assert.throws(() => CartPoll.fromJson(17), InvalidRequestError);
    assert.throws(() => CartPoll.fromJson(null), InvalidRequestError);
    assert.throws(() => new CartPoll(ID, { timeout: 5 }), InvalidRequestError);
    assert.throws(() => poll.answered('paid'), InvalidRequestError);
    assert.throws(() => poll.answered({ status: 'confirmed' }), InvalidRequestError);
    assert.throws(() => poll.answered('pending', { now: Number.NaN }), InvalidRequestError);
    assert.throws(() => poll.answered(17), InvalidRequestError);
  });

  it('takes a CartState and an error for what was seen', async () => {
    const simulator = await simulate({ decimals: 2 });
    const client = simulator.client();
    const cart = await client.insertCart(ORDER);
    simulator.confirm(cart);
    const state = await client.checkCart(cart);
    const poll = new CartPoll(cart).answered(state);
    assert.ok(poll.isDone);
    assert.deepEqual(poll.state, state);
    assert.equal(poll.state.payment.totalAmount, '4990.00');
    const failed = await failure(() => simulator.client({ timeoutMs: 1 }).checkCart('nonsense'));
    assert.throws(() => new CartPoll(cart).answered(failed), InvalidRequestError);
  });

  it('what is handed in is checked as an answer is, and nothing is sent', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const cart = await client.insertCart(ORDER);
    const other = await client.insertCart(ORDER);
    simulator.confirm(cart);
    const state = await client.checkCart(cart);
    const [poll, done] = [new CartPoll(cart), new CartPoll(cart).answered(state)];
    const sent = simulator.requests().length;
    for (const changes of [
      { resultCode: 10425 },
      { resultCode: 10201 },
      { resultCode: null },
      { paymentSuccessful: false },
      { paymentSuccessful: null },
      { payment: { ...state.payment, transactionId: other.transactionId } },
      { payment: { ...state.payment, statusId: 5 } },
    ]) {
      const spoilt = { ...state, ...changes };
      assert.throws(() => poll.answered(spoilt), InvalidRequestError);
      assert.throws(() => poll.answered(spoilt, { afterCancel: true }), InvalidRequestError);
      const token = JSON.parse(done.toJson());
      const snake = Object.fromEntries(
        Object.entries(changes).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
      );
      if (snake.payment) {
        snake.payment = { ...token.state.payment, status_id: spoilt.payment.statusId, transaction_id: spoilt.payment.transactionId };
      }
      token.state = { ...token.state, ...snake };
      for (const given of [token, JSON.stringify(token)]) {
        assert.throws(() => CartPoll.fromJson(given), InvalidRequestError);
        await assert.rejects(client.pollStep(given), InvalidRequestError);
      }
      const resume = [{ transactionId: cart.transactionId, state: spoilt, error: null }];
      await assert.rejects(client.checkMany([cart], { resume }), InvalidRequestError);
      assert.throws(() => client.waitMany([cart], { resume }), InvalidRequestError);
    }
    for (const changes of [{ amount: ORDER.amount + 1 }, { reference: 'another' }, { transactionId: other.transactionId }]) {
      assert.throws(() => new CartPoll({ ...cart, ...changes }).answered(state), InvalidRequestError);
    }
    assert.throws(() => poll.answered('canceled', { afterCancel: 1 }), InvalidRequestError);
    assert.equal(simulator.requests().length, sent);
  });
});

describe('flows', () => {
  it('a phone, automatic: accepted', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const cart = await client.insertCart(ORDER);
    const pending = client.waitForCart(cart, quick);
    await until(() => simulator.cart(cart).checks > 0, 'a check');
    simulator.confirm(cart);
    assert.ok((await pending).isPaid);
  });

  it('manual: reserved, then confirmed; again is confirmed too', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const cart = await client.insertCart({ ...ORDER, confirmationType: 'manual' });
    simulator.confirm(cart);
    assert.equal((await client.waitForCart(cart, quick)).status, 'reserved');
    assert.ok((await client.confirmCart(cart)).isPaid);
    assert.ok((await client.confirmCart(cart)).isPaid);
  });

  it('a kennitala: the SMS code, a wrong one first', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const cart = await client.insertCart({ ...ORDER, customerId: '111111-1119' });
    assert.equal((await client.waitForCart(cart, quick)).status, 'needs_code');
    const { smsCode } = simulator.cart(cart);
    const wrong = smsCode === '0000' ? '1111' : '0000';
    assert.equal((await failure(() => client.confirmCart(cart, { identifier: wrong }))).resultCode, 400);
    assert.ok((await client.confirmCart(cart, { identifier: smsCode })).isPaid);
  });

  it('server callback: verified, matched, acknowledged, then paid', async () => {
    const simulator = await simulate({ decimals: 2 });
    const client = simulator.client();
    const received = [];
    const shop = createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        const parts = { url: callbackUrl, body };
        received.push(
          client.verifyCallback({ ...parts, headers: request.headers }),
          client.verifyCallback({ ...parts, headers: request.rawHeaders }),
          client.verifyCallback({ ...parts, headers: new Headers(request.headers), body: body.toString() }),
        );
        assert.throws(
          () => client.verifyCallback({ ...parts, url: `${callbackUrl}&x`, headers: request.headers }),
          SignatureError,
        );
        response.end();
      });
    });
    await new Promise((resolve) => shop.listen(0, '127.0.0.1', resolve));
    const callbackUrl = `http://127.0.0.1:${shop.address().port}/netgiro?order=17`;
    const cart = await client.insertCart({ ...ORDER, confirmationType: 'server_callback', callbackUrl });
    simulator.confirm(cart);
    assert.ok((await client.waitForCart(cart, quick)).isPaid);
    shop.close();
    assert.equal(received.length, 3);
    for (const callback of received) {
      assert.equal(callback.transactionId, cart.transactionId);
      assert.equal(callback.amount, '4990.00');
      assert.ok(callback.matches(4990, 'order-17') && callback.matches(4990n, 'order-17'));
      assert.ok(!callback.matches(4991, 'order-17') && !callback.matches(4990, 'order-18'));
      assert.ok(callback.matches('4990', 'order-17') && !callback.matches('4991.00', 'order-17'));
      assert.throws(() => callback.matches('4990.50', 'order-17'), InvalidRequestError);
    }
    assert.deepEqual(simulator.callbacks().map(({ attempt, status }) => [attempt, status]), [[1, 200]]);
  });

  it('time runs out on the simulator’s clock', async () => {
    const simulator = await simulate({ lifetimeMs: 60_000 });
    const client = simulator.client();
    const cart = await client.insertCart(ORDER);
    const before = Date.parse(simulator.now());
    simulator.advance(60_000);
    assert.ok(Date.parse(simulator.now()) - before >= 60_000);
    assert.equal((await client.checkCart(cart)).status, 'canceled');
    assert.throws(() => simulator.confirm(cart), InvalidRequestError);
    assert.throws(() => simulator.confirm(ID), /has no cart/);
  });
});

describe('Simulator', () => {
  it('is deterministic by its seed', async () => {
    const ids = [];
    for (const seed of [5, 5, 6]) {
      const simulator = await simulate({ seed });
      ids.push((await simulator.client().insertCart(ORDER)).transactionId);
    }
    assert.equal(ids[0], ids[1]);
    assert.notEqual(ids[0], ids[2]);
  });

  it('shows its carts and requests as frozen data', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    const cart = await client.insertCart(ORDER);
    const [held] = simulator.carts();
    assert.deepEqual(
      { ...held, created: 0, expiresAt: 0 },
      {
        transactionId: cart.transactionId,
        reference: 'order-17',
        amount: 4990,
        customerId: '8223281',
        status: 'pending',
        isPaid: false,
        isTimedOut: false,
        resultCode: 10425,
        confirmationType: 'automatic',
        created: 0,
        expiresAt: 0,
        smsCode: null,
        checks: 0,
        captured: null,
        refunds: [],
        refunded: 0,
      },
    );
    assert.equal(Date.parse(held.expiresAt) - Date.parse(held.created), 180_000);
    const [request] = simulator.requests();
    assert.equal(request.endpoint, 'InsertCart');
    assert.equal(request.headers.netgiro_nonce, request.nonce);
    assert.equal(JSON.parse(request.body).Amount, 4990);
    assert.equal(JSON.parse(request.answer).TransactionId, cart.transactionId);
    assert.ok(Object.isFrozen(held) && Object.isFrozen(request) && Object.isFrozen(request.headers));
    assert.equal(simulator.cart(ID), null);
  });

  it('refuses what it cannot do, by name', async () => {
    const simulator = await simulate();
    for (const call of [
      () => simulate({ sed: 1 }),
      () => simulate({ decimals: 3 }),
      () => simulate({ seed: -1 }),
      () => simulate({ responseSignatures: 'perhaps' }),
      () => simulator.addFault('Nowhere', {}),
      () => simulator.addFault('*', { drop: 'sometimes' }),
      () => simulator.addFault('*', { stauts: 500 }),
      () => simulator.advance('1'),
      () => simulator.advance(-1),
      () => simulator.confirm('nonsense'),
      () => simulator.client({ baseUrl: 'http://127.0.0.1:9/' }).checkCart(17),
      () => new simulator.constructor(),
    ]) {
      assert.ok((await failure(call)) instanceof NetgiroError);
    }
  });

  it('closes its port, twice if need be, and keeps its records', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    await client.insertCart(ORDER);
    await simulator.close();
    await simulator.close();
    assert.equal(simulator.requests().length, 1);
    assert.equal((await failure(() => client.insertCart(ORDER))).code, 'connect');
    const asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');
    await simulator[asyncDispose]();
    await client[asyncDispose]();
  });
});
