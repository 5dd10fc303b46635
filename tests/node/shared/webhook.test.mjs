// What a callback's route answers, and what follows the 200: the shared vectors, by the compiled half and by a route.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { CartPoll, Client, sign } from 'netgiro';
import { netgiroCallback } from 'netgiro/express';
import { APP_KEY, vectors } from '../harness.mjs';

const require = createRequire(import.meta.url);
/** The compiled half, which subpaths call, and no caller. */
const { native } = require('netgiro');

const file = vectors('callbacks/webhook');
const CART = file.transaction_id;
const URL = 'https://shop.example/netgiro/callback';
const SECRET = 'a-secret';

function value(reply) {
  const { value: read, error } = JSON.parse(reply);
  assert.equal(error, undefined);
  return read;
}

describe('routes', () => {
  for (const { name, has_guard: hasGuard, requests } of file.routes) {
    it(name, () => {
      const route = new native.NativeRoute(hasGuard);
      for (const { method, steps, answer } of requests) {
        const request = route.request(method);
        let standing = value(request.standing());
        for (const { action, outcome } of steps) {
          assert.deepEqual(standing, { action, answer: null });
          standing = value(request.step(JSON.stringify(outcome)));
        }
        const { reason_contains: contained, ...expected } = answer;
        const { reason, ...found } = standing.answer;
        assert.deepEqual([standing.action, found], ['answer', expected]);
        assert.ok(reason.includes(contained), reason);
      }
    });
  }

  it('what is no outcome is refused', () => {
    const request = new native.NativeRoute(false).request('POST');
    assert.equal(JSON.parse(request.step('{"accepted":true}')).error.code, 'invalid_request');
    assert.equal(value(request.standing()).action, 'read_body');
  });
});

describe('follow-ups', () => {
  // BullMQ counts failures itself.
  for (const { name, plan, now, steps } of file.follow_ups.filter(({ failures }) => failures === 0)) {
    it(name, () => {
      const kept = () => new CartPoll(CART, { now }).toJson();
      const followUp = plan === 'after_callback' ? native.followUp(CART, now) : native.followUpInMessages(kept());
      let standing = value(followUp.standing());
      for (const { action, outcome, now_ms: elapsed, delay_ms: delayMs = null, status } of steps) {
        assert.deepEqual([standing.action, standing.delayMs], [action, delayMs]);
        const { token, state } = value(followUp.poll());
        if (action === 'call') assert.equal(state[1], status);
        const at = now + elapsed;
        let told = outcome;
        if (outcome.checked !== undefined) {
          const times = { sentAt: at, now: at, jitter: 0 };
          told = { checked: CartPoll.fromJson(token).answered(outcome.checked, times).toJson() };
        } else if (outcome.failed !== undefined) told = { failed: { code: outcome.failed } };
        standing = value(followUp.step(JSON.stringify(told), elapsed, at));
      }
      assert.equal(standing.action === 'end', steps.at(-1).action !== 'wait');
    });
  }
});

/** A shop's functions and guard, which do what a script says, and are called in its order. */
class Shop {
  steps = [];

  next(action) {
    const { action: expected, outcome } = this.steps.shift();
    assert.equal(action, expected);
    if (outcome.failed !== undefined) throw new Error(outcome.failed);
    return outcome;
  }

  order() {
    const { order, not_kronur: other, unusable } = this.next('find_order');
    if (unusable !== undefined) return { amount: 'a lot', reference: 'order-1' };
    if (other !== undefined) return { amount: other, reference: 'order-1' };
    return order && { amount: order.amount, reference: order.reference, transactionId: order.cart };
  }

  record() {
    this.next('record');
  }

  isFirst(nonce, signature) {
    assert.deepEqual([nonce, signature.length], ['1', 64]);
    const { first, unusable } = this.next('ask_guard');
    return unusable ?? first;
  }

  forget(nonce, signature) {
    assert.deepEqual([nonce, signature.length], ['1', 64]);
    this.next('forget');
  }
}

/** The callback that says this, signed; another signature is another callback. */
function signed({ cart, amount, reference, signature: message }) {
  const info = { TransactionId: cart, ReferenceNumber: reference, TotalAmount: amount && Number(amount) };
  const body = JSON.stringify({ Success: true, ResultCode: 10200, Message: message, PaymentInfo: info });
  return { rawHeaders: ['netgiro_nonce', '1', 'netgiro_signature', sign(SECRET, '1', URL, body)], rawBody: body };
}

/** What no shop brings about here: what its framework does, a fault of its own, and what only other languages have. */
const ELSEWHERE = ['a body that is lost', 'it cannot be verified', 'the largest body', 'what does not come of an action is not accepted'];
const isElsewhere = ({ name, requests }) => ELSEWHERE.includes(name) || /"(refused|canceled)"/.test(JSON.stringify(requests));

describe('a route does what is decided', () => {
  for (const scripted of file.routes.filter((each) => !isElsewhere(each))) {
    it(scripted.name, async () => {
      const client = new Client({ appKey: APP_KEY, secretKey: SECRET });
      const shop = new Shop();
      const problems = [];
      const route = netgiroCallback({
        client,
        url: URL,
        order: () => shop.order(),
        record: () => shop.record(),
        replayGuard: scripted.has_guard ? shop : undefined,
        onError: (error, about) => problems.push({ error, about }),
        rawBody: (request) => request.rawBody,
      });
      for (const { method, steps, answer } of scripted.requests) {
        const { verified } = steps[1]?.outcome ?? {};
        const callback = verified === undefined ? { rawHeaders: [], rawBody: '{}' } : signed(verified);
        if (steps[0]?.outcome.body > 65_536) callback.rawBody = ' '.repeat(steps[0].outcome.body);
        shop.steps = steps.slice(2);
        const headers = {};
        let text;
        const response = {
          destroyed: true,
          setHeader: (header, to) => (headers[header] = to),
          end: (said) => (text = said),
        };
        await route({ method, headers: {}, ...callback }, response);
        const header = answer.header === null ? undefined : headers[answer.header[0]];
        assert.deepEqual([response.statusCode, text, header], [answer.status, answer.text, answer.header?.[1]]);
        assert.deepEqual(shop.steps, []);
        if (answer.status !== 200) assert.equal(problems.at(-1).about.status, answer.status);
      }
      await client.close();
    });
  }
});

it('what a function throws need not be whole text', async () => {
  const client = new Client({ appKey: APP_KEY, secretKey: SECRET });
  const failure = new Error('half a character: \ud83d');
  const problems = [];
  const route = netgiroCallback({
    client,
    url: URL,
    order: () => Promise.reject(failure),
    onError: (error) => problems.push(error),
    rawBody: (request) => request.rawBody,
  });
  const response = { destroyed: true, setHeader() {}, end() {} };
  const callback = signed({ cart: CART, amount: '4990', reference: 'order-1', signature: 'any' });
  await route({ method: 'POST', headers: {}, ...callback }, response);
  assert.equal(response.statusCode, 503);
  assert.deepEqual(problems, [failure]);
  await client.close();
});
