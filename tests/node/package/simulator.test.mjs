// The simulator over HTTP, with TLS, and behind another URL.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { after, test } from 'node:test';
import { URLSearchParams } from 'node:url';
import { Client, ConnectError, InvalidRequestError, sign, Simulator } from 'netgiro';

const ORDER = { amount: 4990, reference: 'order-1', customerId: '8223281' };

async function started(options) {
  const simulator = await Simulator.start(options);
  after(() => simulator.close());
  return simulator;
}

/** Asks for something: the status, and what is said. */
function ask(url, method, path, { body, ...options } = {}) {
  const send = url.startsWith('https:') ? overHttps : overHttp;
  return new Promise((resolve, reject) => {
    const sent = send(new URL(path, url), { method, agent: false, ...options }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const isJson = response.headers['content-type']?.startsWith('application/json');
        resolve([response.statusCode, isJson ? JSON.parse(text) : text]);
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('it is driven over HTTP', async () => {
  const simulator = await started();
  const client = simulator.client();
  const cart = await client.insertCart(ORDER);
  const path = `/simulator/carts/${cart.transactionId}`;
  assert.deepEqual(await ask(simulator.pageUrl, 'POST', `${path}/confirm`), [204, '']);
  assert.equal((await client.checkCart(cart)).isPaid, true);
  const [status, refused] = await ask(simulator.pageUrl, 'POST', `${path}/decline`);
  assert.deepEqual([status, Object.keys(refused)], [409, ['message']]);
  const [, seen] = await ask(simulator.pageUrl, 'GET', path);
  const known = simulator.cart(cart);
  assert.deepEqual(
    [seen.transaction_id, seen.is_paid, seen.created, seen.customer_id],
    [known.transactionId, known.isPaid, known.created, known.customerId],
  );
  const [, page] = await ask(simulator.pageUrl, 'GET', '/');
  assert.match(page, /^<!doctype html>/);
  assert.equal(simulator.requests().length, 2);
});

test('TLS with a certificate made up', async () => {
  const simulator = await started({ tls: true, shop: 'Bókabúðin' });
  assert.match(simulator.url, /^https:\/\/127\.0\.0\.1:\d+\/v1\/$/);
  assert.equal(simulator.localUrl, simulator.url);
  const cart = await simulator.client().insertCart(ORDER);
  assert.equal(cart.reference, 'order-1');
  const ca = readFileSync(simulator.caFile);
  const [, state] = await ask(simulator.pageUrl.replace('127.0.0.1', 'localhost'), 'GET', '/simulator/state', { ca });
  assert.equal(state.shop, 'Bókabúðin');
  const { url: baseUrl, appKey, secretKey, caFile } = simulator;
  await assert.rejects(new Client({ appKey, secretKey, baseUrl }).insertCart(ORDER), ConnectError);
  await simulator.close();
  assert.equal(existsSync(caFile), false);
});

test('TLS wants a certificate and its key', async () => {
  for (const tls of ['yes', { certificate: 'x' }, { certificate: 'x', key: 'y' }]) {
    await assert.rejects(Simulator.start({ tls }), (error) => {
      assert.ok(error instanceof InvalidRequestError);
      assert.match(error.message, /tls/);
      return true;
    });
  }
  const plain = await started({ tls: false });
  assert.equal(plain.caFile, null);
});

test('a public URL is what is signed', async () => {
  const publicUrl = 'https://abc.tunnel.example/netgiro';
  const simulator = await started({ publicUrl });
  assert.equal(simulator.url, `${publicUrl}/v1/`);
  assert.equal(simulator.pageUrl, `${publicUrl}/`);
  const body = JSON.stringify({ TransactionId: '0f0e0d0c-0b0a-4908-8706-050403020100' });
  const headers = {
    netgiro_appkey: simulator.appKey,
    netgiro_nonce: '1',
    netgiro_signature: sign(simulator.secretKey, '1', `${simulator.url}Checkout/CheckCart`, body),
    'content-length': Buffer.byteLength(body),
  };
  const [status, answer] = await ask(simulator.localUrl, 'POST', '/v1/Checkout/CheckCart', { body, headers });
  assert.deepEqual([status, answer.ResultCode], [200, 10201]);
  assert.equal(simulator.requests()[0].signatureOk, true);
});

test('unusable options are named', async () => {
  for (const [name, value] of [
    ['publicUrl', 7],
    ['callbackHosts', 'a.is'],
    ['callbackHosts', [7]],
    ['latencyMs', -1],
    ['shop', false],
  ]) {
    await assert.rejects(Simulator.start({ [name]: value }), (error) => {
      assert.ok(error instanceof InvalidRequestError, `${error}`);
      assert.match(error.message, new RegExp(name));
      return true;
    });
  }
  await assert.rejects(Simulator.start({ publicUrl: 'abc' }), /publicUrl/);
});

test('answers without payment info, and reads that lag behind', async () => {
  const simulator = await started({ omitPaymentInfo: true, staleReads: 1 });
  const client = simulator.client();
  const cart = await client.insertCart(ORDER);
  const code = async () => (await client.checkCart(cart.transactionId)).resultCode;
  assert.deepEqual([await code(), await code()], [10201, 10425]);
  simulator.confirm(cart);
  assert.deepEqual([await code(), await code()], [10425, 10200]);
  assert.equal((await client.checkCart(cart)).payment, null);
  const [, { options }] = await ask(simulator.pageUrl, 'GET', '/simulator/state');
  assert.deepEqual([options.omit_payment_info, options.stale_reads], [true, 1]);
});

test('strict switches refuse what is read by default', async () => {
  const body = JSON.stringify({ Amount: '4990', Reference: 'order-1', CustomerId: '8223281' });
  for (const [options, expected] of [
    [{}, 200],
    [{ requireConfirmationType: true }, 10427],
    [{ requireJsonNumbers: true }, 400],
  ]) {
    const simulator = await started(options);
    const url = `${simulator.url}Checkout/InsertCart`;
    const headers = {
      netgiro_appkey: simulator.appKey,
      netgiro_nonce: '1',
      netgiro_signature: sign(simulator.secretKey, '1', url, body),
      'content-length': Buffer.byteLength(body),
    };
    const [, answer] = await ask(url, 'POST', '/v1/Checkout/InsertCart', { body, headers });
    assert.equal(answer.ResultCode, expected);
  }
});

test('the base path of 2019', async () => {
  const simulator = await started();
  const { appKey, secretKey } = simulator;
  const client = new Client({ appKey, secretKey, baseUrl: simulator.url.replace('/v1/', '/api/') });
  const cart = await client.insertCart(ORDER);
  simulator.confirm(cart);
  assert.equal((await client.checkCart(cart)).isPaid, true);
  assert.ok(simulator.requests().every((request) => request.path.startsWith('/api/')));
});

test('the clock goes ten years in all', async () => {
  const simulator = await started();
  const refused = (error) => error instanceof InvalidRequestError && /advance/.test(error.message);
  for (const tooFar of [1e300, 2 ** 64, Infinity, NaN, -1, 315_532_800_001]) {
    assert.throws(() => simulator.advance(tooFar), refused, `${tooFar}`);
  }
  for (let year = 0; year < 10; year += 1) simulator.advance(31_553_280_000);
  assert.throws(() => simulator.advance(1), /ten years/);
  const body = JSON.stringify({ seconds: 1e300 });
  const headers = { 'content-length': Buffer.byteLength(body) };
  const [status, { message }] = await ask(simulator.pageUrl, 'POST', '/simulator/advance', { body, headers });
  assert.equal(status, 400);
  assert.match(message, /315532800 seconds/);
});

test('latency holds answers back', async () => {
  const simulator = await started({ latencyMs: 100 });
  const before = performance.now();
  await simulator.client().insertCart(ORDER);
  assert.ok(performance.now() - before >= 99);
});

for (const formCallbackAsGet of [false, true]) {
  test(`a form of a shop plugin opens a checkout, called back with ${formCallbackAsGet ? 'GET' : 'POST'}`, async () => {
    const simulator = await started({ formCallbackAsGet });
    const { appKey, secretKey, pageUrl } = simulator;
    const form = new URLSearchParams({
      ApplicationID: appKey,
      ReferenceNumber: 'order-1',
      TotalAmount: '4990',
      Signature: createHash('sha256').update(`${secretKey}order-14990${appKey}`).digest('hex'),
      ConfirmationType: '1',
      PaymentConfirmedURL: 'http://127.0.0.1:9/nobody',
    });
    const opened = await globalThis.fetch(pageUrl, { method: 'POST', body: form, redirect: 'manual' });
    assert.equal(opened.status, 303);
    const body = JSON.stringify({ customer_id: '1111111119' });
    assert.equal((await globalThis.fetch(`${opened.headers.get('location')}/accept`, { method: 'POST', body })).status, 204);
    const [request] = simulator.requests();
    assert.deepEqual([request.endpoint, request.signatureOk], ['HostedForm', true]);
    const [callback] = simulator.callbacks();
    const told = new URLSearchParams(formCallbackAsGet ? new URL(callback.url).search : callback.body);
    assert.equal(told.get('transactionid'), simulator.carts()[0].transactionId);
    assert.equal(told.get('status'), '1');
  });
}

test('switches of look-ups and forms are refused by name', async () => {
  for (const options of [{ referenceLookup: 'all' }, { formCallbackAsGet: 1 }]) {
    await assert.rejects(Simulator.start(options), InvalidRequestError);
  }
});
