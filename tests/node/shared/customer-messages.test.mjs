// What customers read of errors and carts: the sentences of the vectors, and of what calls really end with.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import * as netgiro from 'netgiro';
import { APP_KEY, failure, ID, SECRET, vectors, withServer } from '../harness.mjs';

const { Client, customerMessage } = netgiro;
const { errors, calls, statuses, languages } = vectors('answers/customer_messages');
const classes = new Map(vectors('answers/errors').errors.map((row) => [row.code, netgiro[row.class]]));

function assertSays(error, { is, en }) {
  assert.deepEqual([error.customerMessage('is'), error.customerMessage('en')], [is, en]);
  assert.equal(error.customerMessage(), is);
  assert.deepEqual([customerMessage(error), customerMessage(error, 'en')], [is, en]);
}

/** A port that nobody listens at. */
async function unusedPort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('what customers read of errors', () => {
  for (const vector of errors) {
    it(vector.name, () => {
      const ErrorClass = classes.get(vector.code);
      assertSays(new ErrorClass(vector.message, { resultCode: vector.result_code }), vector);
    });
  }

  for (const vector of calls) {
    it(vector.name, () =>
      withServer(() => ({ status: vector.http_status, body: vector.body }), async (server) => {
        const baseUrl = vector.http_status === null ? `http://127.0.0.1:${await unusedPort()}/v1/` : server.baseUrl;
        const client = new Client({ appKey: APP_KEY, secretKey: SECRET, baseUrl });
        const call = {
          InsertCart: () => client.insertCart({ amount: 4990, reference: 'order-1', customerId: '8223281' }),
          CheckCart: () => client.checkCart(ID),
          HostedPayment: () => {
            const page = 'https://shop.example/';
            return client.createCheckout({ amount: 4990, reference: 'order-1', successUrl: page, cancelUrl: page });
          },
          ConfirmCart: () => client.confirmCart(ID, { identifier: '1234' }),
        }[vector.endpoint];
        const error = await failure(call);
        assert.equal(error.code, vector.code);
        assertSays(error, vector);
      }));
  }

  it('of every kind, and without a developer’s word', () => {
    for (const ErrorClass of [netgiro.NetgiroError, ...classes.values()]) {
      const error = new ErrorClass('customer 8223281: HTTP 500');
      for (const text of [error.customerMessage('is'), error.customerMessage('en')]) {
        assert.ok(text.length > 30);
        assert.doesNotMatch(text, /\d|_|cart|HTTP|API|null|undefined|error|exception|villa/i);
      }
    }
  });

  it('are asked for in a language that is a string', async () => {
    const error = new netgiro.ConnectError('no connection');
    for (const lang of [null, 1, { lang: 'is' }]) {
      const refusal = await failure(() => error.customerMessage(lang));
      assert.match(refusal.message, /^lang must be a string/);
      assert.equal(refusal.code, 'invalid_request');
    }
  });

  for (const { tag, language } of languages) {
    it(`${JSON.stringify(tag)} stands for ${language}`, () => {
      const error = new netgiro.UnresolvedError('it could not be settled');
      assert.equal(error.customerMessage(tag), error.customerMessage(language));
    });
  }
});

describe('what customers read of carts', () => {
  for (const { status, timed_out: timedOut, is, en } of statuses) {
    it(`${status}${timedOut ? ', out of time' : ''}`, () => {
      for (const of of [status, { status }]) {
        assert.deepEqual([customerMessage(of, 'is', { timedOut }), customerMessage(of, 'en', { timedOut })], [is, en]);
        if (!timedOut) assert.equal(customerMessage(of), is);
      }
    });
  }

  it('is refused of anything else', async () => {
    for (const thing of [undefined, null, 1, 'paid', {}, new Error('why')]) {
      assert.equal((await failure(() => customerMessage(thing))).code, 'invalid_request');
    }
  });
});
