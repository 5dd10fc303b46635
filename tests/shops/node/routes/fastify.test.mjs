// Fastify 5, with parsers of its own and of the shop's.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fastify from 'fastify';
import { Client, ConfigurationError } from 'netgiro';
import { netgiro } from 'netgiro/fastify';
import { keepsTheContract } from './contract.mjs';

const url = 'https://shop.example/netgiro/callback';
const order = () => null;
const client = new Client({ appKey: '881E674F-7891-4C20-AFD8-56FE2624C4B5', secretKey: 'secret' });

async function mount(app, { client: given, ...callback }) {
  app.post('/echo', (request) => request.body);
  app.register(netgiro, { client: given, callback });
  await app.ready();
  return { handler: app.routing, close: () => app.close() };
}

keepsTheContract('Fastify', (options) => mount(fastify(), options));

keepsTheContract('Fastify: with parsers and limits of the shop', (options) => {
  const app = fastify({ bodyLimit: 100, exposeHeadRoutes: false });
  app.head('/*', (request, reply) => reply.code(405).send());
  app.addContentTypeParser(/^application\/json/, { parseAs: 'string' }, (request, body, done) => done(null, {}));
  app.addContentTypeParser('*', (request, payload, done) => done(new Error('not to be reached')));
  app.setErrorHandler((error, request, reply) => reply.code(200).send('swallowed'));
  return mount(app, options);
});

describe('the plugin', () => {
  it('gives the app the client, and leaves its parsers alone', async (t) => {
    const app = fastify();
    t.after(() => app.close());
    app.post('/echo', (request) => request.body);
    app.register(netgiro, { client, callback: { url, order, path: '/elsewhere' } });
    await app.ready();
    assert.equal(app.netgiro, client);
    const echo = await app.inject({ method: 'POST', url: '/echo', payload: { a: 1 } });
    assert.deepEqual(echo.json(), { a: 1 });
    assert.equal((await app.inject({ method: 'POST', url: '/elsewhere', payload: { a: 1 } })).statusCode, 400);
    assert.equal((await app.inject({ method: 'POST', url: '/netgiro/callback', payload: {} })).statusCode, 404);
  });

  it('makes a client from the environment, and closes that one alone', async (t) => {
    t.after(() => {
      for (const name of ['NETGIRO_APP_KEY', 'NETGIRO_SECRET_KEY']) delete process.env[name];
    });
    Object.assign(process.env, { NETGIRO_APP_KEY: '881E674F-7891-4C20-AFD8-56FE2624C4B5', NETGIRO_SECRET_KEY: 'secret' });
    const app = fastify();
    app.register(netgiro);
    await app.ready();
    const own = app.netgiro;
    assert.ok(own instanceof Client);
    await app.close();
    await assert.rejects(own.checkCart('0f0e0d0c-0b0a-4908-8706-050403020100'), /closed/);
    const other = fastify();
    other.register(netgiro, { client });
    await other.close();
    await assert.rejects(client.checkCart('no id'), (error) => !/closed/.test(error.message));
  });

  it('refuses, when the app starts, options that cannot be meant', async () => {
    const wrong = [
      { client: 5 },
      { nonsense: 1 },
      { client, callback: { order } },
      { client, callback: { url } },
      { client, callback: { url: () => url, order } },
      { client, callback: { url: '/netgiro/callback', order } },
      { client, callback: { url, order, client } , nonsense: 1 },
    ];
    for (const options of wrong) {
      const app = fastify();
      app.register(netgiro, options);
      await assert.rejects(async () => await app.ready(), ConfigurationError, JSON.stringify(options));
    }
  });

  it('logs what it refuses in the app’s log', async (t) => {
    const lines = [];
    const app = fastify({ logger: { stream: { write: (line) => lines.push(JSON.parse(line)) } } });
    t.after(() => app.close());
    app.register(netgiro, { client, callback: { url, order } });
    assert.equal((await app.inject({ method: 'POST', url: '/netgiro/callback', payload: {} })).statusCode, 400);
    const [warning] = lines.filter(({ level }) => level === 40);
    assert.match(warning.msg, /answered 400/);
    assert.match(warning.err.message, /refused/);
  });
});
