// Hosted checkouts and their redirects, over the simulator's page.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import {
  ApiError,
  Client,
  ConfigurationError,
  InvalidRequestError,
  MismatchError,
  OutcomeUnknownError,
  SignatureError,
} from 'netgiro';
import { APP_KEY, failure, SECRET, simulate, until, withServer } from '../harness.mjs';

const PAGES = { successUrl: 'https://shop.example/paid?order=1', cancelUrl: 'https://shop.example/canceled' };
const ORDER = { amount: 4990, reference: 'order-1001', ...PAGES };
const CREATED = { body: '{"Success":true,"CheckoutUrl":"https://netgiro.example/1"}' };

const warned = [];
process.on('warning', (warning) => warned.push(warning));

/** Does what the customer does on the simulator's page, and gives where the browser goes then. */
async function onPage({ checkoutUrl }, action, members = {}) {
  const headers = { 'content-type': 'application/json' };
  const done = await globalThis.fetch(`${checkoutUrl}/${action}`, { method: 'POST', headers, body: JSON.stringify(members) });
  assert.equal(done.status, 204);
  const { return_url: url } = await (await globalThis.fetch(`${checkoutUrl}/state`)).json();
  return url;
}

const accept = (checkout) => onPage(checkout, 'accept', { customer_id: '1111111119' });

async function shopOf(options) {
  const simulator = await simulate(options);
  return { simulator, client: simulator.client() };
}

describe('createCheckout', () => {
  it('gives the page on which a customer pays, and comes back from', async () => {
    const { simulator, client } = await shopOf();
    const checkout = await client.createCheckout(ORDER);
    const { checkoutUrl, ...facts } = checkout;
    assert.deepEqual(facts, { reference: 'order-1001', amount: 4990 });
    assert.ok(Object.isFrozen(checkout));
    assert.deepEqual(structuredClone(checkout), checkout);
    assert.ok(new URL(checkoutUrl).host);
    const url = await accept(checkout);
    assert.ok(url.startsWith(PAGES.successUrl));
    const redirect = client.verifyRedirect(url, { amount: 4990, reference: 'order-1001' });
    const [{ transactionId }] = simulator.carts();
    const { invoiceNumber, ...rest } = redirect;
    assert.deepEqual(rest, { transactionId, reference: 'order-1001', amount: '4990', status: 'confirmed' });
    assert.match(invoiceNumber, /^\d+$/);
    assert.ok(Object.isFrozen(redirect));
    assert.deepEqual(JSON.parse(JSON.stringify(redirect)), redirect);
    // A redirect is for display: this says whether it is paid.
    assert.ok((await client.checkCart(redirect.transactionId)).isPaid);
  });

  it('sends those who do not pay to the other page', async () => {
    const { client } = await shopOf();
    for (const action of ['reject', 'leave']) {
      const url = await onPage(await client.createCheckout(ORDER), action);
      assert.ok(url.startsWith(PAGES.cancelUrl));
      assert.equal(client.verifyRedirect(url).status, 'canceled');
    }
  });

  it('has the money held until it is captured', async () => {
    const { client } = await shopOf();
    const redirect = client.verifyRedirect(await accept(await client.createCheckout({ ...ORDER, manualCapture: true })));
    assert.notEqual(redirect.status, 'confirmed');
    assert.equal((await client.checkCart(redirect.transactionId)).isPaid, false);
  });

  it('is sent once, and says that it may have been created', async () => {
    for (const drop of ['before', 'after']) {
      const { simulator, client } = await shopOf();
      simulator.addFault('HostedPayment', { drop });
      const error = await failure(() => client.createCheckout(ORDER));
      assert.ok(error instanceof OutcomeUnknownError, inspect(error));
      assert.deepEqual([error.reference, error.idempotencyKey, error.retryable], ['order-1001', null, false]);
      assert.match(error.customerMessage('en'), /^Netgíró's payment page could not be opened\. Nothing was charged\./);
      assert.equal(simulator.requests().length, 1);
      assert.equal(simulator.carts().length, drop === 'after' ? 1 : 0);
      // Nobody has the page of the first, so another one may be created.
      await accept(await client.createCheckout(ORDER));
      assert.equal(simulator.carts().filter(({ isPaid }) => isPaid).length, 1);
    }
  });

  it('rejects with an ApiError when it is refused', async () => {
    const { simulator, client } = await shopOf();
    simulator.addFault('HostedPayment', { status: 400, body: '{"Success":false,"Message":"No"}' });
    const error = await failure(() => client.createCheckout(ORDER));
    assert.ok(error instanceof ApiError && error.requestSent === 'yes', inspect(error));
  });

  it('goes to a base URL of its own', () =>
    withServer(
      () => CREATED,
      async (server) => {
        const checkoutBaseUrl = server.baseUrl.replace('/v1/', '/secure/');
        await server.client({ checkoutBaseUrl }).createCheckout(ORDER);
        await server.client({ checkoutBaseUrl: null }).createCheckout({ ...ORDER, callbackUrl: null, manualCapture: null });
        assert.deepEqual(
          server.requests.map(({ path }) => path),
          ['/secure/Checkout/Payment', '/v1/Checkout/Payment'],
        );
        for (const wrong of ['http://shop.example/', 'netgiro', 7]) {
          const refusal = await failure(() => server.client({ checkoutBaseUrl: wrong }));
          assert.ok(refusal instanceof ConfigurationError, inspect(refusal));
          assert.match(refusal.message, /checkoutBaseUrl/);
        }
      },
    ));

  it('is the simulator’s for a simulator’s client', async () => {
    const { simulator } = await shopOf();
    const refusal = await failure(() => simulator.client({ checkoutBaseUrl: 'https://netgiro.example/' }));
    assert.match(refusal.message, /has no option 'checkoutBaseUrl'/);
  });

  it('refuses what is no checkout, and sends nothing', async () => {
    const { simulator, client } = await shopOf();
    const wrong = {
      amount: [undefined, null, 0, -1, 1.5, NaN, '10 kr', {}, true],
      reference: [undefined, null, 7, '', ' ', 'a\nb', '\ud800'],
      successUrl: [undefined, null, 7, '', '/paid', 'https://'],
      cancelUrl: [undefined, null, 7, '', '/canceled', 'shop.example'],
      callbackUrl: [7, '', 'callback'],
      manualCapture: [0, 'yes'],
    };
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        const error = await failure(() => client.createCheckout({ ...ORDER, [name]: value }));
        assert.ok(error instanceof InvalidRequestError, `${name}: ${inspect(value)}: ${inspect(error)}`);
        assert.match(error.message, new RegExp(name));
      }
    }
    await assert.rejects(client.createCheckout({ ...ORDER, description: 'x' }), /has no option 'description'/);
    assert.equal(simulator.requests().length, 0);
    await client.close();
    await assert.rejects(client.createCheckout(ORDER), /the client is closed/);
  });
});

describe('a checkout that is aborted in flight', () => {
  it('may have been created, and says so', () =>
    withServer(
      () => 'hang',
      async (server) => {
        warned.length = 0;
        const controller = new AbortController();
        const { signal } = controller;
        const pending = failure(() => server.client().createCheckout(ORDER, { signal }));
        await until(() => server.requests.length === 1, 'the request');
        controller.abort();
        const error = await pending;
        assert.equal(error.name, 'AbortError');
        assert.match(error.message, /the checkout may have been created: see its cause/);
        const { cause } = error;
        assert.ok(cause instanceof OutcomeUnknownError, inspect(error));
        assert.deepEqual([cause.reference, cause.requestSent, cause.retryable], ['order-1001', 'maybe', false]);
        assert.match(cause.customerMessage('en'), /^Netgíró's payment page could not be opened/);
        assert.equal(cause.cause, signal.reason);
        await until(() => warned.length > 0, 'the warning');
        assert.deepEqual(
          warned.map((warning) => [warning.name, warning.code, warning.message]),
          [['NetgiroWarning', 'outcome_unknown', cause.message]],
        );
        assert.equal(server.requests.length, 1);
      },
    ));

  it('rejects with the reason itself where it was aborted before', async () => {
    const { simulator, client } = await shopOf();
    const signal = AbortSignal.abort();
    assert.equal(await failure(() => client.createCheckout(ORDER, { signal })), signal.reason);
    assert.equal(simulator.requests().length, 0);
  });

  it('is no crash where its worker is terminated', () =>
    withServer(
      () => 'hang',
      async ({ requests, baseUrl }) => {
        const source = `
          const { workerData } = require('node:worker_threads');
          const { Client } = require('netgiro');
          new Client(workerData).createCheckout(${JSON.stringify(ORDER)});
        `;
        const worker = new Worker(source, { eval: true, workerData: { appKey: APP_KEY, secretKey: SECRET, baseUrl } });
        await until(() => requests.length === 1, 'the request');
        await worker.terminate();
      },
    ));
});

describe('verifyRedirect', () => {
  it('refuses what is forged, and what is about another order', async () => {
    const { client } = await shopOf();
    const url = await accept(await client.createCheckout(ORDER));
    const decimal = { toFixed: () => '4990.00', toString: () => '4990.00' };
    for (const amount of [4990, 4990n, '4990', decimal]) assert.equal(client.verifyRedirect(url, { amount }).amount, '4990');
    for (const order of [{ amount: 4991 }, { reference: 'order-1002' }]) {
      assert.ok((await failure(() => client.verifyRedirect(url, order))) instanceof MismatchError);
    }
    const forged = url.replace('TotalAmount=4990', 'TotalAmount=49900');
    for (const wrong of [forged, '', 'https://shop.example/paid']) {
      assert.ok((await failure(() => client.verifyRedirect(wrong))) instanceof SignatureError);
    }
    const later = new Client({ appKey: APP_KEY, secretKey: 'new', previousSecretKeys: [SECRET] });
    assert.equal(later.verifyRedirect(url).reference, 'order-1001');
    assert.ok((await failure(() => new Client({ appKey: APP_KEY, secretKey: 'new' }).verifyRedirect(url))) instanceof SignatureError);
    await later.close();
    assert.match((await failure(() => later.verifyRedirect(url))).message, /the client is closed/);
  });

  it('refuses what is no URL, and no order', async () => {
    const { client } = await shopOf();
    for (const url of [undefined, null, 7, new URL('https://shop.example/')]) {
      const error = await failure(() => client.verifyRedirect(url));
      assert.ok(error instanceof InvalidRequestError, inspect(error));
      assert.match(error.message, /^verifyRedirect: url/);
    }
    for (const order of [{ amount: 1.5 }, { reference: 7 }, { id: 7 }, 'order-1001']) {
      assert.ok((await failure(() => client.verifyRedirect('?', order))) instanceof InvalidRequestError, inspect(order));
    }
  });
});
