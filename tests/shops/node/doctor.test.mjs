// doctor() at routes on Express and Fastify: sound, and broken on purpose.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import express from 'express';
import { doctor, SignatureError } from 'netgiro';
import { netgiroCallback } from 'netgiro/express';
import { simulatorFor } from 'netgiro/testing';
import { listen, whenOver } from './harness.mjs';

/** A shop on Express, with a middleware or a route of its own before ours. */
async function openShop(t, before) {
  const { simulator, client } = await simulatorFor(t);
  const { server, origin, close } = await listen();
  const url = `${origin}/netgiro/callback`;
  const recorded = [];
  const route = netgiroCallback({
    client,
    url,
    order: () => null,
    record: (callback) => recorded.push(callback),
    settled: () => {},
    onError: () => {},
  });
  const app = express();
  before?.(app, { client, url });
  app.use('/netgiro/callback', route);
  server.on('request', app);
  whenOver(t, async () => {
    await close();
    await route.close();
  });
  const { appKey, secretKey, url: baseUrl } = simulator;
  const examine = async (options) => {
    const report = await doctor({ callback: url, appKey, secretKey, baseUrl, timeoutMs: 30_000, ...options });
    assert.deepEqual(recorded, []);
    assert.ok(!JSON.stringify(report).includes(secretKey));
    assert.equal(report.ok, report.checks.every(({ ok }) => ok !== false));
    return report;
  };
  return { examine };
}

const wrong = ({ checks }) => checks.filter(({ ok }) => ok === false).map(({ name }) => name);
const find = ({ checks }, name) => checks.find((check) => check.name === name);

it('a sound shop is sound', async (t) => {
  const { examine } = await openShop(t);
  const report = await examine();
  assert.deepEqual(wrong(report), [], report.text);
  assert.ok(Object.isFrozen(report) && Object.isFrozen(report.checks) && Object.isFrozen(report.checks[0]));
  assert.match(find(report, 'callback_signature').detail, /409 for an unknown cart/);
  assert.match(report.text, /^✓ keys /);
});

/** A route as shops write it, around what they get. */
const own = (verified) => (app, { client, url }) =>
  app.post('/netgiro/callback', express.json(), (request, response) => {
    try {
      client.verifyCallback({ url, headers: request.rawHeaders, body: verified(request) });
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      return response.status(400).send('refused');
    }
    return response.status(409).send('not our order');
  });

const route = (handler) => (app) => app.post('/netgiro/callback', handler);

const FAULTS = {
  'a body that was parsed': [own((request) => JSON.stringify(request.body)), 'callback_signature', /re-serialised/, /express\.raw\(\)/],
  'headers that are dropped': [
    (app) =>
      app.use((request, response, next) => {
        const pairs = request.rawHeaders.map((each, at, all) => [each, all[at + 1]]).filter((_, at) => at % 2 === 0);
        request.rawHeaders = pairs.filter(([name]) => !name.includes('_')).flat();
        for (const name of Object.keys(request.headers)) if (name.includes('_')) delete request.headers[name];
        next();
      }),
    'callback_signature',
    /are dropped/,
    /underscore/,
  ],
  'a redirect': [route((request, response) => response.redirect(301, '/elsewhere')), 'callback', /redirect: 301/, /register the URL/],
  'a CSRF protection': [route((request, response) => response.status(403).send('ForbiddenError: invalid csrf token')), 'callback', /CSRF/, /signature/],
  '200 to everything': [route((request, response) => response.sendStatus(200)), 'callback_forgery', /GRAVE/, /verifyCallback/],
};

for (const [name, [before, check, detail, remedy]] of Object.entries(FAULTS)) {
  it(`${name} is named`, async (t) => {
    const { examine } = await openShop(t, before);
    const report = await examine();
    assert.deepEqual(wrong(report), [check], report.text);
    assert.match(find(report, check).detail, detail);
    assert.match(find(report, check).remedy, remedy);
  });
}

it('a slow shop is named, and an abort ends it', async (t) => {
  const { examine } = await openShop(t, route(() => {}));
  const report = await examine({ timeoutMs: 200 });
  assert.deepEqual(wrong(report), ['callback']);
  assert.match(find(report, 'callback').detail, /too slow/);
  await assert.rejects(examine({ signal: AbortSignal.timeout(100) }), { name: 'TimeoutError' });
});

it('what cannot be used is refused, and keys are looked at', async () => {
  await assert.rejects(doctor({ callback: 'shop.is' }), /callback must be/);
  await assert.rejects(doctor({ registeredUrl: 'https://shop.is' }), /registeredUrl/);
  const report = await doctor({ appKey: '881E674F-7891-4C20-AFD8-56FE2624C4B5', secretKey: '<secret>' });
  assert.deepEqual(wrong(report), ['keys']);
  assert.match(report.text, /secretKey is still a placeholder/);
});
