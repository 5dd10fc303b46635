// Every shared vector, through the public API.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import * as netgiro from 'netgiro';
import {
  APP_KEY,
  camel,
  camelName,
  checkAnswer,
  expectedSignature,
  failure,
  ID,
  insertAnswer,
  SECRET,
  vectors,
  withServer,
} from '../harness.mjs';

const { CartPoll, Client, sign } = netgiro;
const require = createRequire(import.meta.url);
/** The compiled half, which subpaths call, and no caller. */
const { native } = require('netgiro');

/** A value that JSON cannot say. */
function said(value) {
  if (Array.isArray(value)) return value.map(said);
  if (typeof value !== 'object' || value === null) return value;
  const { kind, text } = value;
  if (kind === undefined) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, said(member)]));
  const kinds = {
    integer: BigInt,
    float: Number,
    // As decimal.js and its like have one; not of a class, since names are translated all the way down.
    decimal: (digits) => ({ toString: () => digits, toFixed: () => digits }),
    boolean: (word) => word === 'true',
    string: String,
    null: () => null,
  };
  return kinds[kind](text);
}

function bodyOf(vector) {
  return vector.body_base64 === undefined ? Buffer.from(vector.body) : Buffer.from(vector.body_base64, 'base64');
}

/** Calls an endpoint with arguments by their neutral names. */
function callEndpoint(client, endpoint, given, cart) {
  const { transactionId, ...rest } = camel(said(given));
  const method = { InsertCart: 'insertCart', CheckCart: 'checkCart', CancelCart: 'cancelCart', ConfirmCart: 'confirmCart' }[
    endpoint
  ];
  return endpoint === 'InsertCart' ? client.insertCart(rest) : client[method](cart ?? transactionId, rest);
}

/** Every member of the expectation, instants compared as instants; members left out are not compared. */
function assertHas(actual, expected) {
  for (const [name, value] of Object.entries(expected)) {
    const key = camelName(name);
    if (['created', 'settlement_date'].includes(name) && value !== null) assert.equal(Date.parse(actual[key]), Date.parse(value), name);
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) assertHas(actual[key], value);
    else assert.deepEqual(actual[key], value, name);
  }
}

function assertError(error, expected) {
  assert.ok(error instanceof netgiro.NetgiroError, `${error?.stack}`);
  const { cause, retry_after_ms: retryAfter, message_contains: contains = [], ...facts } = expected;
  for (const [name, value] of Object.entries(facts)) assert.deepEqual(error[camelName(name)], value, `${name}: ${error.message}`);
  if (retryAfter !== undefined) assert.equal(error.retryAfter ?? null, retryAfter);
  if (cause !== undefined) assert.equal(error.cause?.code, cause);
  for (const part of contains) assert.ok(plain(error.message).includes(plain(part)), `${error.message} lacks ${part}`);
}

const asBytes = (value) => (Array.isArray(value) ? value.map(asBytes) : Buffer.from(value));
const plain = (text) => text.toLowerCase().replace(/[ _]/g, '');

describe('signatures', () => {
  for (const vector of vectors('requests/signatures').cases) {
    it(vector.name, () => {
      const body = bodyOf(vector);
      assert.equal(sign(vector.secret_key, vector.nonce, vector.url, body), vector.signature);
      if (vector.body !== undefined) {
        assert.equal(sign(vector.secret_key, vector.nonce, vector.url, vector.body), vector.signature);
      }
    });
  }
});

describe('requests', () => {
  for (const vector of vectors('requests/requests').cases) {
    it(`${vector.endpoint}: ${vector.name}`, () =>
      withServer(
        ({ endpoint }) => (endpoint === 'InsertCart' ? insertAnswer() : checkAnswer(10425)),
        async (server) => {
          await callEndpoint(server.client(), vector.endpoint, vector.arguments).catch(() => {});
          const [{ endpoint, method, url, headers, body }] = server.requests;
          assert.equal(body.toString(), vector.body);
          assert.equal(method, 'POST');
          assert.equal(endpoint, vector.endpoint);
          assert.equal(headers.netgiro_appkey, APP_KEY);
          assert.equal(headers.netgiro_signature, expectedSignature(headers.netgiro_nonce, url, body));
        },
      ));
  }
});

describe('refusals', () => {
  for (const vector of vectors('requests/refusals').cases.filter(({ languages }) => languages?.includes('node') ?? true)) {
    it(vector.name, () =>
      withServer(
        () => checkAnswer(10425),
        async (server) => {
          const client = server.client();
          const { transactionId, transactionIds, text, ...rest } = camel(said(vector.arguments));
          const calls = {
            client: () => new Client(rest),
            insert_cart: () => client.insertCart(rest),
            cart_poll: () => new CartPoll(transactionId, rest),
            check_many: () => client.checkMany(transactionIds, rest),
            wait_many: () => client.waitMany(transactionIds, rest),
            poll_from_json: () => CartPoll.fromJson(text),
            poll_step: () => client.pollStep(text),
          };
          const call = calls[vector.call] ?? (() => client[camelName(vector.call)](transactionId, rest));
          const error = await failure(call);
          assertError(error, { code: vector.code, request_sent: 'no', message_contains: vector.message_contains });
          for (const part of vector.message_lacks ?? []) assert.ok(!error.message.includes(part), error.message);
          assert.equal(server.requests.length, 0);
        },
      ));
  }
});

describe('responses', () => {
  const { cases, secret_key: secretKey, response_nonce: nonce } = vectors('answers/responses');
  for (const vector of cases) {
    it(vector.name, async () => {
      const answer = ({ endpoint, url }) => {
        if (vector.cart && endpoint === 'InsertCart') return insertAnswer(vector.cart.check_interval_ms ?? null);
        if (vector.then !== undefined && endpoint === 'CheckCart') return { body: vector.then };
        const body = bodyOf(vector);
        const signature = expectedSignature(nonce, url, body, secretKey);
        const signed = {
          absent: {},
          valid: { netgiro_nonce: nonce, netgiro_signature: signature },
          wrong: { netgiro_nonce: nonce, netgiro_signature: '0'.repeat(64) },
          no_nonce: { netgiro_signature: signature },
        }[vector.response_signature ?? 'absent'];
        return { status: vector.http_status, headers: { ...vector.headers, ...signed }, body };
      };
      await withServer(answer, async (server) => {
        const client = server.client({
          secretKey,
          responseVerification: vector.response_verification,
          paymentInfo: vector.payment_info,
        });
        let cart;
        if (vector.cart) {
          const { amount, reference } = vector.cart;
          const uninvolved = server.client();
          cart = await uninvolved.insertCart({ amount, reference, customerId: '8223281' });
          server.requests.length = 0;
        }
        const call = () => callEndpoint(client, vector.endpoint, vector.arguments, cart);
        if (vector.expect.error) {
          assertError(await failure(call), vector.expect.error);
        } else if (vector.expect.cart) {
          const { check_interval_ms: checkInterval, ...expected } = vector.expect.cart;
          const inserted = await call();
          assertHas(inserted, expected);
          assert.equal(inserted.checkInterval, checkInterval);
        } else {
          assertHas(await call(), vector.expect.state);
        }
        assert.equal(server.requests.length, vector.requests);
        const nonces = server.requests.map(({ headers }) => headers.netgiro_nonce);
        assert.equal(new Set(nonces).size, nonces.length, 'each attempt has a nonce of its own');
        for (const { headers, url, body } of server.requests) {
          assert.equal(headers.netgiro_signature, expectedSignature(headers.netgiro_nonce, url, body, secretKey));
        }
      });
    });
  }
});

describe('V2', () => {
  const calls = {
    refund_cart: (client, cart, { amount, ...rest }) => client.refundCart(cart, amount, rest),
    get_transaction: (client, cart) => client.getTransaction(cart),
    create_checkout: (client, _, checkout) => client.createCheckout(checkout),
  };
  const { cases, redirects, secret_key: secretKey } = vectors('v2/v2');
  for (const vector of cases) {
    const call = (client, given, known) => {
      const { transactionId, ...rest } = camel(said(given));
      return calls[vector.call](client, known ? { transactionId, ...known } : transactionId, rest);
    };
    it(vector.name, async () => {
      let answers = [{ http_status: 200, body: '{"Success":true,"Message":null}' }];
      const answer = (_, index) => {
        const { close, http_status: status, headers, body } = answers[Math.min(index, answers.length - 1)];
        return close ? 'cut' : { status, headers, body };
      };
      await withServer(answer, async (server) => {
        const client = server.client({ timeoutMs: 60_000 });
        for (const given of vector.after ?? []) await call(client, given);
        server.requests.length = 0;
        ({ answers } = vector);
        const again = () => call(client, vector.arguments, vector.cart);
        const { error, refund, transaction, checkout } = vector.expect;
        if (error) {
          const { customer_message: sentence, ...facts } = error;
          const failed = await failure(again);
          assertError(failed, facts);
          if (sentence !== undefined) assert.equal(failed.customerMessage('en'), sentence);
        } else {
          const value = await again();
          assertHas(value, refund ?? transaction ?? checkout);
          assert.ok(Object.isFrozen(value));
        }
        assert.equal(server.requests.length, vector.requests);
        for (const { method, path, headers, body } of server.requests) {
          const { method: wanted, path: itsPath, body: sent = '' } = vector.request;
          assert.deepEqual([method, path, body.toString()], [wanted, itsPath, sent]);
          assert.equal(headers['x-netgiro-api-key'], APP_KEY);
          for (const unsigned of ['netgiro_appkey', 'netgiro_nonce', 'netgiro_signature']) assert.equal(headers[unsigned], undefined);
        }
      });
    });
  }
  for (const { name, url, amount, reference, expect } of redirects) {
    it(`redirect: ${name}`, async () => {
      const verify = () => new Client({ appKey: APP_KEY, secretKey }).verifyRedirect(url, { amount, reference });
      if (expect.error) {
        assertError(await failure(verify), expect.error);
      } else {
        const redirect = verify();
        assert.deepEqual(redirect, camel(expect.redirect));
        assert.ok(Object.isFrozen(redirect));
      }
    });
  }
});

describe('look-ups', () => {
  for (const vector of vectors('answers/lookups').cases) {
    it(vector.name, async () => {
      const { reference, amount, path: itsPath, answers, expect } = vector;
      const answer = (_, index) => {
        const { close, http_status: status, headers, body } = answers[Math.min(index, answers.length - 1)];
        return close ? 'cut' : { status, headers, body };
      };
      await withServer(answer, async (server) => {
        const client = server.client({ timeoutMs: 60_000 });
        const call = () => client.findByReference(reference, { amount });
        if (expect.error) {
          const { customer_message: sentence, ...facts } = expect.error;
          const failed = await failure(call);
          assertError(failed, facts);
          if (sentence !== undefined) assert.equal(failed.customerMessage('en'), sentence);
        } else if (expect.none) {
          assert.equal(await call(), null);
        } else {
          const cart = await call();
          assertHas(cart, expect.cart);
          assert.ok(Object.isFrozen(cart));
        }
        assert.equal(server.requests.length, vector.requests);
        for (const { method, path, headers, body, url } of server.requests) {
          assert.deepEqual([method, path, body.toString()], ['GET', itsPath, '']);
          assert.equal(headers.netgiro_signature, expectedSignature(headers.netgiro_nonce, url, body));
          assert.equal(headers['x-netgiro-api-key'], undefined);
        }
      });
    });
  }
});

describe('carts of V2', { concurrency: 8 }, () => {
  const { cases, callbacks, secret_key: secretKey, transaction_id: transactionId } = vectors('v2/v2_carts');
  // Settling goes on for twenty intervals: of 10 ms, that would be over before a busy machine has sent a cancel.
  const policy = { minIntervalMs: 250, defaultIntervalMs: 250, maxIntervalMs: 250 };
  const calls = {
    insert_cart: (client, given) => client.insertCart(given),
    check_cart: (client, cart) => client.checkCart(cart),
    confirm_cart: (client, { identifier, ...cart }) => client.confirmCart(cart, { identifier }),
    capture_cart: (client, { captureAmount: amount, ...cart }) => client.captureCart(cart, { amount }),
    cancel_cart: (client, cart) => client.cancelCart(cart),
    void_cart: (client, cart) => client.voidCart(cart),
    settle_cart: (client, { timeoutMs, ...cart }) => client.settleCart(cart, { timeoutMs, policy }),
  };
  for (const vector of cases) {
    it(vector.name, () => {
      const answer = (_, index) => {
        const { close, http_status: status, headers, body } = vector.answers[Math.min(index, vector.answers.length - 1)];
        return close ? 'cut' : { status, headers, body };
      };
      return withServer(answer, async (server) => {
        const client = server.client({ api: 'v2', timeoutMs: 60_000 });
        assert.ok(client.baseUrl.endsWith('/v2/'));
        const given = camel(vector.arguments);
        const call = () => calls[vector.call](client, vector.call === 'insert_cart' ? given : { transactionId, ...given });
        const { error, cart, state } = vector.expect;
        if (error) {
          assertError(await failure(call), error);
        } else if (cart) {
          const { check_interval_ms: checkInterval, ...facts } = cart;
          const inserted = await call();
          assertHas(inserted, facts);
          assert.equal(inserted.checkInterval, checkInterval);
        } else {
          assertHas(await call(), state);
        }
        const sent = server.requests.map(({ method, path, body }) => ({ method, path, ...(body.length > 0 && { body: body.toString() }) }));
        assert.deepEqual(sent, vector.sent);
        for (const { headers } of server.requests) {
          assert.equal(headers['x-netgiro-api-key'], APP_KEY);
          for (const unsigned of ['netgiro_appkey', 'netgiro_nonce', 'netgiro_signature']) assert.equal(headers[unsigned], undefined);
        }
      });
    });
  }
  for (const api of ['v1', 'v2']) {
    const client = new Client({ appKey: APP_KEY, secretKey, api });
    const replayGuard = { isFirst: () => assert.fail('yes and no carry one signature') };
    for (const { name, headers, body, expect } of callbacks) {
      it(`a callback to a client of ${api}: ${name}`, async () => {
        const parts = { url: 'https://shop.example/any', headers, body };
        const verifications = [
          () => client.verifyCallback(parts),
          () => client.verifyCallback({ ...parts, replayGuard }),
          () => client.verifyCallbackOnce({ ...parts, replayGuard }),
        ];
        for (const verify of verifications) {
          if (expect.error) assertError(await failure(verify), expect.error);
          else assertHas(await verify(), expect.callback);
        }
      });
    }
  }
});

describe('result codes', () => {
  const { statuses, codes } = vectors('answers/codes');
  for (const { code, status, is_final: isFinal, is_paid: isPaid } of codes) {
    it(`${code} is ${status}`, () =>
      withServer(
        () => checkAnswer(code, { paid: isPaid }),
        async (server) => {
          const error = status === null && (await failure(() => server.client().checkCart(ID)));
          if (error) return assert.ok(error instanceof netgiro.NetgiroError);
          const state = await server.client().checkCart(ID);
          assertHas(state, { status, result_code: code, is_final: isFinal, is_paid: isPaid });
        },
      ));
  }
  for (const { status, is_final: isFinal, is_paid: isPaid, stops_waiting: stops } of statuses) {
    it(`${status} ${stops ? 'ends' : 'does not end'} a wait`, () => {
      const start = new CartPoll(ID, { now: 1_000_000 });
      const poll = start.answered(status, { sentAt: 1_100_000, now: 1_100_000, jitter: 0 });
      assertHas(poll, { is_done: stops });
      assertHas(poll.state, { status, is_final: isFinal, is_paid: isPaid });
    });
  }
});

describe('errors', () => {
  const { attributes, base_class: base, errors } = vectors('answers/errors');
  it('are the classes of the table and no others', () => {
    const exported = Object.keys(netgiro).filter((name) => name.endsWith('Error'));
    assert.deepEqual(exported.sort(), [base, ...errors.map((error) => error.class)].sort());
  });
  for (const { code, class: name, retryable, extra } of errors) {
    it(name, () => {
      const ErrorClass = netgiro[name];
      const cause = new Error('why');
      const error = new ErrorClass('what', { cause });
      assert.ok(error instanceof netgiro[base] && error instanceof Error);
      assert.equal(error.name, name);
      assert.equal(error.cause, cause);
      assert.equal(String(error), `${name}: what`);
      const { code: itsCode, retryable: itsRetryable } = error;
      assert.deepEqual({ code: itsCode, retryable: itsRetryable }, { code, retryable });
      for (const attribute of [...attributes, ...extra]) assert.ok(camelName(attribute) in error, attribute);
      const others = Object.keys(error).filter((key) => ![...attributes, ...extra].map(camelName).includes(key));
      assert.deepEqual(others, []);
    });
  }
});

describe('customers', () => {
  const { accepted, refused } = vectors('requests/customers');
  const insert = (client, customerId) => client.insertCart({ amount: 1000, reference: 'order-1', customerId });
  for (const { text, normalised } of accepted) {
    it(`${JSON.stringify(text)} is sent as ${normalised}`, () =>
      withServer(insertAnswer.bind(null, 3000, ID), async (server) => {
        await insert(server.client(), text);
        assert.equal(JSON.parse(server.requests[0].body).CustomerId, normalised);
      }));
  }
  for (const { name, text, reason } of refused) {
    it(`${name} is refused`, () =>
      withServer(insertAnswer.bind(null, 3000, ID), async (server) => {
        const error = await failure(() => insert(server.client(), text));
        assertError(error, { code: 'invalid_request' });
        assert.ok(error.message.endsWith(reason), error.message);
        assert.equal(server.requests.length, 0);
      }));
  }
});

describe('callbacks', () => {
  const { cases, secret_key: secretKey } = vectors('callbacks/callbacks');
  const client = new Client({ appKey: APP_KEY, secretKey });
  for (const vector of cases) {
    it(vector.name, async () => {
      const verify = (headers, body) => client.verifyCallback({ url: vector.url, headers, body });
      const pairs = Array.isArray(vector.headers) ? vector.headers : Object.entries(vector.headers);
      const spellings = [vector.headers, pairs, pairs.map(([name, value]) => [name, asBytes(value)])];
      if (pairs.every(([, value]) => typeof value === 'string')) spellings.push(pairs.flat());
      for (const headers of spellings) {
        if (vector.expect.error) {
          assertError(await failure(() => verify(headers, bodyOf(vector))), vector.expect.error);
          continue;
        }
        const { matches, ...expected } = vector.expect.callback;
        const callback = verify(headers, bodyOf(vector));
        assertHas(callback, expected);
        for (const order of matches ?? []) assert.equal(callback.matches(order.amount, order.reference), order.matches);
      }
      if (vector.body !== undefined && !vector.expect.error) assertHas(verify(vector.headers, vector.body), {});
    });
  }
});

describe('poll schedules', () => {
  const { cases, tokens, transaction_id: transactionId } = vectors('polling/poll');
  const assertStands = (poll, expected) => {
    const { state, ...times } = expected;
    assertHas(poll, times);
    assert.equal(poll.state?.status ?? null, state ?? null);
    const again = CartPoll.fromJson(poll.toJson());
    assert.deepEqual(again, poll);
    assert.equal(again.toJson(), poll.toJson());
    assert.deepEqual(CartPoll.fromJson(JSON.stringify(poll)), poll);
  };
  for (const { name, text, expect } of tokens) {
    it(`token: ${name}`, () => {
      assertStands(CartPoll.fromJson(text), expect);
      assertStands(CartPoll.fromJson(JSON.parse(text)), expect);
    });
  }
  const seenOf = ({ status, state, error }) => {
    if (status) return status;
    if (state) {
      const checkedAt = '2026-01-01T00:00:00Z';
      return { message: null, payment: null, referenceId: null, ...camel(state), transactionId, paymentSuccessful: false, checkedAt };
    }
    const { code, http_status: httpStatus, retry_after_ms: retryAfter } = error;
    const { class: name } = vectors('answers/errors').errors.find((each) => each.code === code);
    return new netgiro[name]('seen', { httpStatus, retryAfter });
  };
  for (const vector of cases) {
    it(vector.name, async () => {
      const cart =
        vector.hint_ms === undefined
          ? transactionId
          : await withServer(insertAnswer.bind(null, vector.hint_ms, transactionId), ({ client }) =>
              client().insertCart({ amount: 1000, reference: 'order-1', customerId: '8223281' }),
            );
      const { timeoutMs, policy, now } = camel(vector);
      let poll = new CartPoll(cart, { timeoutMs, policy, now });
      assertStands(poll, vector.expect);
      for (const step of vector.steps) {
        const { sentAt, now: at, jitter } = camel(step);
        const { afterCancel } = camel(step.seen);
        const answer = () => poll.answered(seenOf(step.seen), { sentAt, now: at, jitter, afterCancel });
        if (step.expect.raises) {
          const error = await failure(answer);
          assertError(error, { code: step.expect.raises });
          if (step.expect.poll) assertStands(error.poll, step.expect.poll);
        } else {
          poll = answer();
          assertStands(poll, step.expect);
        }
      }
    });
  }
});

describe('polls on another clock', () => {
  const { clocks, transaction_id: transactionId } = vectors('polling/poll');
  for (const vector of clocks) {
    it(vector.name, async () => {
      const inserted = insertAnswer.bind(null, vector.hint_ms, transactionId);
      const cart = await withServer(inserted, ({ client }) =>
        client().insertCart({ amount: 1000, reference: 'order-1', customerId: '8223281' }),
      );
      let poll = new CartPoll(cart, { timeoutMs: vector.timeout_ms, now: vector.now });
      for (const { status, sent_at: sentAt, now } of vector.seen) poll = poll.answered(status, { sentAt, now, jitter: 0 });
      const token = poll.toJSON();
      const startedAt = vector.started_at_server;
      if (startedAt !== null) token.schedule.started_at_server = new Date(startedAt).toISOString();
      const { now, server_now: serverNow } = vector.clock;
      const { value } = JSON.parse(native.pollOnClock(JSON.stringify(token), now, serverNow));
      const { delay_ms: delay, is_over: isOver, ...times } = vector.expect;
      assertHas(value, times);
      const moved = CartPoll.fromJson(value.token);
      assert.deepEqual(JSON.parse(native.pollDelay(value.token, now)), { value: delay });
      const answer = () => moved.answered('pending', { sentAt: now, now, jitter: 0 });
      if (isOver) assertError(await failure(answer), { code: 'wait_timeout' });
      else answer();
    });
  }
});

it('the published secret is the one the tests use', () => {
  assert.equal(vectors('requests/signatures').cases[0].secret_key, SECRET);
});
