// What every framework's callback route has to keep, whatever the app around it: one suite, run for each of them.

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { after, before, describe, it } from 'node:test';
import { MemoryReplayGuard } from 'netgiro';
import { simulatorFor, useSimulator } from 'netgiro/testing';
import { callbackAsForm, callbackBody, callbackOfV2, listen, pause, send, Shop, signed, until } from '../harness.mjs';

const PATH = '/netgiro/callback';

/** Whose request it is, as a shop's own middleware would note it. */
const requests = new AsyncLocalStorage();

/**
 * Declares the suite. `mount(options, path)` makes an app with the route, and gives `{ handler, close }`: the function
 * that answers requests, and how to end it. Express's own parsers read what they refuse to its end; where the route comes
 * behind one, `readsToTheEnd` says so.
 */
export function keepsTheContract(name, mount, { readsToTheEnd = false } = {}) {
  describe(name, { concurrency: 4 }, () => {
    const simulated = { seed: 4, checkIntervalMs: 20, pollIntervalMs: 20, callbackRetryDelayMs: 600_000 };
    const netgiro = useSimulator({ before, after }, simulated);

    /** A shop with its route, for one test. */
    async function open(t, more = {}, { simulator } = netgiro, api = 'v1') {
      const { server, origin, close } = await listen();
      const url = `${origin}${PATH}`;
      const shop = new Shop(api);
      const app = await mount({ ...shop.options(simulator, url), ...more }, PATH);
      server.on('request', (...exchange) => requests.run(Symbol('request'), () => app.handler(...exchange)));
      t.after(async () => {
        await close();
        await app.close();
        await shop.client.close();
      });
      return { shop, url, post: (body, headers = signed(simulator, url, body)) => send(url, { body, headers }) };
    }

    const answerTo = async (cart, { simulator } = netgiro) => {
      const sent = () => simulator.callbacks().find((each) => each.transactionId === cart.transactionId && each.isDone);
      await until(sent, 'the callback is answered');
      return sent();
    };
    /** Nothing has changed, and nothing is going to. */
    const untouched = ({ recorded, settled }) => assert.deepEqual({ recorded, settled }, { recorded: [], settled: [] });

    for (const confirmationType of ['automatic', 'server_callback']) {
      it(`${confirmationType}: the customer accepts, and the shop hears of it once`, async (t) => {
        const { shop, url } = await open(t);
        const cart = await shop.checkout(netgiro.simulator, url, { confirmationType });
        netgiro.simulator.confirm(cart);
        assert.equal((await answerTo(cart)).status, 200);
        await until(() => shop.settled.length > 0, 'the shop is told');
        assert.deepEqual(shop.settled, [[cart.reference, 'confirmed']]);
        assert.deepEqual(shop.recorded, [cart.transactionId]);
        assert.ok(netgiro.simulator.cart(cart).isPaid);
        assert.deepEqual(shop.problems, []);
      });
    }

    it('the customer declines, and the shop hears of it once', async (t) => {
      const { shop, url } = await open(t);
      const cart = await shop.checkout(netgiro.simulator, url);
      netgiro.simulator.decline(cart);
      assert.equal((await answerTo(cart)).status, 200);
      await until(() => shop.settled.length > 0, 'the shop is told');
      assert.deepEqual(shop.settled, [[cart.reference, netgiro.simulator.cart(cart).status]]);
    });

    const ofV2 = { confirmationType: 'server_callback' };
    /** Yes and no carry one signature. */
    const unasked = { isFirst: () => assert.fail('no guard is asked about a callback of V2') };
    for (const [does, status] of Object.entries({ confirm: 'confirmed', decline: 'canceled' })) {
      it(`V2: ${status}, and the shop hears of it once`, async (t) => {
        const { shop, url, post } = await open(t, { replayGuard: unasked }, netgiro, 'v2');
        const cart = await shop.checkout(netgiro.simulator, url, ofV2);
        netgiro.simulator[does](cart);
        const sent = await answerTo(cart);
        assert.equal(sent.status, 200);
        await until(() => shop.settled.length > 0, 'the shop is told');
        assert.equal((await post(sent.body, sent.headers)).status, 200);
        await pause(50);
        assert.deepEqual(shop.settled, [[cart.reference, status]]);
        assert.deepEqual(shop.recorded, [cart.transactionId, cart.transactionId]);
        assert.deepEqual(shop.problems, []);
      });
    }

    it('V2: the status decides, and not what the callback says', async (t) => {
      const { shop, url, post } = await open(t, {}, netgiro, 'v2');
      const cart = await shop.checkout(netgiro.simulator, url, { callbackUrl: undefined });
      assert.equal((await post(...callbackOfV2(netgiro.simulator, cart))).status, 200);
      await until(() => netgiro.simulator.cart(cart).checks > 1, 'it is asked again, since it is pending');
      assert.deepEqual(shop.settled, []);
      netgiro.simulator.confirm(cart);
      assert.equal((await post(...callbackOfV2(netgiro.simulator, cart, { success: false }))).status, 200);
      await until(() => shop.settled.length > 0, 'the shop is told');
      assert.deepEqual(shop.settled, [[cart.reference, 'confirmed']]);
    });

    it('V2: forged, altered or unsigned: 400; another order’s: 409', async (t) => {
      const { shop, url, post } = await open(t, { replayGuard: unasked }, netgiro, 'v2');
      const cart = await shop.checkout(netgiro.simulator, url, ofV2);
      const { simulator } = netgiro;
      const [body, headers] = callbackOfV2(simulator, cart);
      const [form, formHeaders] = callbackAsForm(simulator, cart);
      const cases = [
        callbackOfV2(simulator, cart, { secret: 'forged' }),
        [body.replace('4990', '1'), headers],
        [body, { 'Content-Type': 'application/json' }],
        [form.replace('4990', '1'), formHeaders],
        callbackAsForm(simulator, cart, { NetgiroSignature: '0'.repeat(64) }),
        [`${form}&TotalAmount=4990`, formHeaders],
        ['a=1', formHeaders],
      ];
      for (const refused of cases) assert.equal((await post(...refused)).status, 400, refused[0]);
      for (const other of [{ ...cart, amount: 4991 }, { ...cart, reference: 'order-99' }]) {
        assert.equal((await post(...callbackOfV2(simulator, other))).status, 409);
        assert.equal((await post(...callbackAsForm(simulator, other))).status, 409);
      }
      untouched(shop);
      assert.equal(simulator.cart(cart).checks, 0);
    });

    for (const api of ['v1', 'v2']) {
      it(`a client of ${api}: one URL takes callbacks of V1, of V2 and of hosted checkouts`, async (t) => {
        const { shop, url, post } = await open(t, {}, netgiro, api);
        const cart = await shop.checkout(netgiro.simulator, url, { callbackUrl: undefined });
        netgiro.simulator.confirm(cart);
        const [form, formHeaders] = callbackAsForm(netgiro.simulator, cart, { 'Items[0].Name': 'Þæfð ull & fleira', extra: '' });
        for (const sent of [[callbackBody(cart)], callbackOfV2(netgiro.simulator, cart), [form, formHeaders]]) {
          assert.equal((await post(...sent)).status, 200, sent[0]);
        }
        await until(() => shop.settled.length > 0, 'the shop is told');
        await pause(50);
        assert.deepEqual(shop.settled, [[cart.reference, 'confirmed']]);
        assert.equal(shop.recorded.length, 3);
        assert.deepEqual(shop.problems, []);
      });
    }

    it('CheckCart decides, and not what the callback says', async (t) => {
      const { shop, url, post } = await open(t);
      const cart = await shop.checkout(netgiro.simulator, url, { callbackCancelUrl: undefined });
      assert.equal((await post(callbackBody(cart))).status, 200);
      await until(() => netgiro.simulator.cart(cart).checks > 1, 'it is asked again, since it is pending');
      assert.deepEqual(shop.settled, []);
      netgiro.simulator.expire(cart);
      await until(() => shop.settled.length > 0, 'the shop is told');
      assert.deepEqual(shop.settled, [[cart.reference, 'canceled']]);
    });

    it('a method other than POST: 405', async (t) => {
      const { shop, url } = await open(t);
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const { status, headers } = await send(url, { method });
        assert.deepEqual([status, headers.allow], [405, 'POST'], method);
      }
      assert.equal((await send(url, { method: 'HEAD' })).status, 405);
      untouched(shop);
    });

    it('forged, altered, unsigned or malformed: 400', async (t) => {
      const { shop, url, post } = await open(t);
      const cart = await shop.checkout(netgiro.simulator, url);
      const body = callbackBody(cart);
      const { simulator } = netgiro;
      const json = { 'Content-Type': 'application/json' };
      const cases = {
        'another secret': [body, signed(simulator, url, body, 'forged')],
        'another body': [body.replace('4990', '1'), signed(simulator, url, body)],
        'white space added': [`${body} `, signed(simulator, url, body)],
        'another URL': [body, signed(simulator, `${url}?order=1`, body)],
        'no signature': [body, json],
        'no JSON': ['{"Success":', signed(simulator, url, '{"Success":')],
        'no callback': ['{}', signed(simulator, url, '{}')],
        'no body': ['', signed(simulator, url, '')],
        'no type': [body.replace('4990', '1'), { ...signed(simulator, url, body), 'Content-Type': 'text/plain' }],
      };
      for (const [what, [text, headers]] of Object.entries(cases)) {
        assert.equal((await post(text, headers)).status, 400, what);
      }
      untouched(shop);
      assert.equal(simulator.cart(cart).checks, 0);
      assert.ok(!JSON.stringify(shop.problems).includes(simulator.secretKey));
    });

    it('without a body: 400, whatever the headers say of it', async (t) => {
      const { shop, url } = await open(t);
      const { 'Content-Type': type, ...rest } = signed(netgiro.simulator, url, '');
      const bodies = {
        'of length 0': (outgoing) => outgoing.end(),
        'that ends at once': (outgoing) => {
          outgoing.setHeader('Transfer-Encoding', 'chunked');
          outgoing.end();
        },
        'that is not announced': (outgoing) => {
          for (const header of ['Content-Length', 'Transfer-Encoding']) outgoing.removeHeader(header);
          outgoing.end();
        },
      };
      for (const [what, body] of Object.entries(bodies)) {
        for (const headers of [{}, rest, { 'Content-Type': type }, { ...rest, 'Content-Type': type }, { 'Content-Type': 'text/plain' }]) {
          const { status } = await send(url, { body, headers });
          assert.equal(status, 400, `${what}: ${Object.keys(headers)} ${headers['Content-Type']}`);
        }
      }
      untouched(shop);
      assert.ok(shop.problems.every((problem) => problem.status === 400), JSON.stringify(shop.problems));
    });

    it('over 64 KiB: 413, and not read to its end', async (t) => {
      const { shop, url } = await open(t);
      const cart = await shop.checkout(netgiro.simulator, url);
      const long = `${callbackBody(cart)}${' '.repeat(65 * 1024)}`;
      const headers = signed(netgiro.simulator, url, long);
      assert.equal((await send(url, { body: long, headers })).status, 413);
      untouched(shop);
      if (readsToTheEnd) return;
      // Announced, and never sent.
      const announced = (outgoing) => outgoing.flushHeaders();
      assert.equal((await send(url, { body: announced, headers: { ...headers, 'Content-Length': 10 ** 9 } })).status, 413);
      // Without a length and without an end.
      let written = 0;
      const endless = (outgoing) => {
        const more = () => {
          while (!outgoing.destroyed && outgoing.write(Buffer.alloc(16_384, 32))) written += 16_384;
          written += 16_384;
        };
        outgoing.on('drain', more);
        more();
      };
      assert.equal((await send(url, { body: endless, headers: { ...headers, 'Transfer-Encoding': 'chunked' } })).status, 413);
      t.diagnostic(`${written} bytes were taken of a body without an end`);
      untouched(shop);
    });

    it('another amount, reference or cart than the order’s, or no order: 409', async (t) => {
      const { shop, url, post } = await open(t);
      const cart = await shop.checkout(netgiro.simulator, url);
      assert.equal((await post(callbackBody(cart, { amount: 4991 }))).status, 409);
      assert.equal((await post(callbackBody(cart, { reference: 'order-99' }))).status, 409);
      shop.order = () => ({ amount: 4990, reference: 'order-2' });
      assert.equal((await post(callbackBody(cart))).status, 409);
      shop.order = () => ({ amount: 4990, reference: cart.reference, transactionId: '0f0e0d0c-0b0a-4908-8706-050403020100' });
      assert.equal((await post(callbackBody(cart))).status, 409);
      shop.order = () => null;
      assert.equal((await post(callbackBody(cart))).status, 409);
      untouched(shop);
      assert.equal(netgiro.simulator.cart(cart).checks, 0);
      assert.equal(shop.problems.length, 5);
    });

    it('an order as databases give them: 200, and the shop hears of it', async (t) => {
      class Row {
        constructor(columns) {
          Object.assign(this, columns);
        }
      }
      const amounts = [4990n, '4990', '4990.00', { toString: () => '4990.00', toFixed: () => '4990' }];
      for (const amount of amounts) {
        const { shop, url } = await open(t);
        const cart = await shop.checkout(netgiro.simulator, url, { confirmationType: 'server_callback' });
        const columns = { id: 17, amount, reference: cart.reference, transactionId: cart.transactionId.toUpperCase() };
        shop.order = () => new Row(columns);
        netgiro.simulator.confirm(cart);
        assert.equal((await answerTo(cart)).status, 200);
        await until(() => shop.settled.length > 0, 'the shop is told');
        assert.deepEqual(shop.settled, [[cart.reference, 'confirmed']]);
        assert.deepEqual(shop.problems, []);
      }
    });

    it('an order as databases give them, about something else: 409', async (t) => {
      const { shop, url, post } = await open(t);
      const cart = await shop.checkout(netgiro.simulator, url);
      for (const amount of [4991n, '4991', '4991.00', '4990.50', 4990.5, { toString: () => '4991.00' }]) {
        shop.order = () => ({ amount, reference: cart.reference });
        assert.equal((await post(callbackBody(cart))).status, 409, String(amount));
      }
      untouched(shop);
    });

    it('an order that cannot be read: 500, and nothing has changed', async (t) => {
      const { shop, url, post } = await open(t);
      const cart = await shop.checkout(netgiro.simulator, url);
      const { reference } = cart;
      const orders = [{ amount: 'a lot', reference }, { amount: {}, reference }, { amount: 4990, reference: 17 }, { reference }, 'order-1'];
      for (const order of [...orders, { amount: 4990 }, { amount: 4990, reference, transactionId: 17 }]) {
        shop.order = () => order;
        assert.equal((await post(callbackBody(cart))).status, 500);
      }
      untouched(shop);
      assert.match(shop.problems[0].message, /amount must be whole krónur/);
    });

    it('the shop’s functions are called in the context of their request', async (t) => {
      const { shop, url } = await open(t);
      const asked = {};
      const { order } = shop;
      shop.order = (callback) => {
        asked[callback.reference] = requests.getStore();
        return order(callback);
      };
      const told = {};
      shop.onSettled = (state, { reference }) => {
        told[reference] = requests.getStore();
      };
      const carts = [];
      for (let n = 0; n < 3; n += 1) carts.push(await shop.checkout(netgiro.simulator, url));
      for (const cart of carts) netgiro.simulator.confirm(cart);
      await until(() => Object.keys(told).length === 3, 'the shop is told of all');
      assert.deepEqual(told, asked);
      assert.equal(new Set(Object.values(told)).size, 3);
    });

    it('replayed, where there is a guard: 409', async (t) => {
      const { shop, url, post } = await open(t, { replayGuard: new MemoryReplayGuard() });
      const cart = await shop.checkout(netgiro.simulator, url);
      netgiro.simulator.confirm(cart);
      const { status, body, headers } = await answerTo(cart);
      assert.equal(status, 200);
      const replays = await Promise.all(Array.from({ length: 5 }, () => post(body, headers)));
      assert.deepEqual(replays.map((replay) => replay.status), [409, 409, 409, 409, 409]);
      await until(() => shop.settled.length > 0, 'the shop is told');
      assert.deepEqual([shop.recorded.length, shop.settled.length], [1, 1]);
    });

    it('a guard lets through again what could not be recorded, and asks nothing of what is refused', async (t) => {
      const asked = new Set();
      const forgotten = [];
      const replayGuard = {
        isFirst: async (nonce, signature) => !asked.has(signature) && Boolean(asked.add(signature)),
      };
      const { shop, url, post } = await open(t, { replayGuard });
      const cart = await shop.checkout(netgiro.simulator, url);
      const wrong = callbackBody(cart, { amount: 1 });
      assert.equal((await post(wrong)).status, 409);
      assert.equal(asked.size, 0);

      const body = callbackBody(cart);
      const headers = signed(netgiro.simulator, url, body);
      const { record } = shop;
      shop.record = () => Promise.reject(new Error('the database is down'));
      assert.equal((await post(body, headers)).status, 503);
      replayGuard.forget = async (nonce, signature) => forgotten.push(signature) && asked.delete(signature);
      assert.equal((await post(body, headers)).status, 503);
      assert.deepEqual(forgotten, [headers.netgiro_signature]);
      shop.record = record;
      assert.equal((await post(body, headers)).status, 200);
      assert.equal((await post(body, headers)).status, 409);
      assert.equal(shop.recorded.length, 1);
    });

    it('twice and many at once: 200 each time, and the shop hears of it once', async (t) => {
      const { shop, url, post } = await open(t);
      const cart = await shop.checkout(netgiro.simulator, url);
      let release;
      shop.onSettled = () => new Promise((resolve) => (release = resolve));
      netgiro.simulator.confirm(cart);
      const { body, headers } = await answerTo(cart);
      await until(() => release, 'the shop’s function is in flight');
      const again = () => Promise.all(Array.from({ length: 10 }, (_, at) => post(body, at % 2 ? headers : undefined)));
      for (const { status } of await again()) assert.equal(status, 200);
      release();
      for (const { status } of await again()) assert.equal(status, 200);
      await pause(50);
      assert.deepEqual(shop.settled, [[cart.reference, 'confirmed']]);
      assert.equal(shop.recorded.length, 21);
    });

    it('200 before anything that follows', async (t) => {
      const slow = await simulatorFor(t, simulated);
      const { shop, url, post } = await open(t, {}, slow);
      // On a busy machine an answer may take longer than a second, and then nothing is learnt from it.
      for (const delayMs of [1_500, 8_000, 32_000]) {
        const cart = await shop.checkout(slow.simulator, url);
        let release;
        shop.settled.length = 0;
        shop.onSettled = () => new Promise((resolve) => (release = resolve));
        slow.simulator.addFault('CheckCart', { delayMs });
        slow.simulator.confirm(cart);
        const checked = ({ endpoint, transactionId, status }) =>
          endpoint === 'CheckCart' && transactionId === cart.transactionId && status !== null;
        assert.equal((await answerTo(cart, slow)).status, 200);
        assert.equal((await post(callbackBody(cart))).status, 200);
        const wasFirst = !slow.simulator.requests().some(checked);
        await until(() => release, 'the shop’s function is in flight');
        assert.equal((await post(callbackBody(cart))).status, 200);
        release();
        await until(() => shop.settled.length > 0, 'the shop is told');
        if (wasFirst) return;
      }
      assert.fail('the callback is answered after Netgíró has been asked');
    });

    it('the database is down: 503, and 200 once it is up', async (t) => {
      const { shop, url, post } = await open(t);
      const cart = await shop.checkout(netgiro.simulator, url);
      const { order, record } = shop;
      const down = () => Promise.reject(new Error('connection refused'));
      const body = callbackBody(cart);
      shop.order = down;
      assert.equal((await post(body)).status, 503);
      shop.order = order;
      shop.record = down;
      assert.equal((await post(body)).status, 503);
      await pause(50);
      untouched(shop);
      assert.equal(netgiro.simulator.cart(cart).checks, 0);
      shop.record = record;
      assert.equal((await post(body)).status, 200);
      assert.deepEqual(shop.problems.map(({ status }) => status), [503, 503]);
    });

    it('the shop’s function raises: called again until it succeeds, and never after', async (t) => {
      const { shop, url, post } = await open(t);
      const cart = await shop.checkout(netgiro.simulator, url);
      shop.onSettled = () => {
        if (shop.settled.length < 3) throw new Error('no stock');
      };
      netgiro.simulator.confirm(cart);
      const { body } = await answerTo(cart);
      await until(() => shop.settled.length === 1, 'it is called');
      // A callback that comes again hurries it.
      assert.equal((await post(body)).status, 200);
      await until(() => shop.settled.length === 3, 'it is called again');
      assert.equal((await post(body)).status, 200);
      await pause(100);
      assert.deepEqual(shop.settled, Array(3).fill([cart.reference, 'confirmed']));
      assert.deepEqual(shop.problems.map(({ status, message }) => [status, message]), Array(2).fill([null, 'no stock']));
    });
  });
}
