// The NestJS recipe of docs/frameworks/nestjs.md: compiled, and run with the real framework.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { netgiroCallback } from 'netgiro/express';
import { simulatorFor } from 'netgiro/testing';
import { keepsTheContract } from './contract.mjs';
import { CUSTOMER, isShown, send, until } from '../harness.mjs';

const folder = fileURLToPath(new URL('nestjs/', import.meta.url));
const require = createRequire(import.meta.url);

/** Compiles the project as `nest build` does: by its own tsconfig.json. */
function compile(...options) {
  try {
    execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', folder, ...options], { encoding: 'utf8' });
  } catch (error) {
    throw new Error(error.stdout, { cause: error });
  }
}
compile();
const { NetgiroModule } = require('./nestjs/dist/netgiro.module.js');

async function start(module, options, before = () => {}) {
  const app = await NestFactory.create(module, { logger: false, ...options });
  before(app);
  await app.init();
  return { handler: app.getHttpAdapter().getInstance(), close: () => app.close() };
}

// The module makes a client of its own, for the shop's calls.
Object.assign(process.env, { NETGIRO_APP_KEY: '881E674F-7891-4C20-AFD8-56FE2624C4B5', NETGIRO_SECRET_KEY: 'secret' });

keepsTheContract(
  'NestJS: the controller, with rawBody',
  (options) => start(NetgiroModule.registerAsync({ useFactory: () => options }), { rawBody: true }),
  { readsToTheEnd: true },
);

keepsTheContract('NestJS: the route before the parsers', async (options, path) => {
  const route = netgiroCallback(options);
  class Empty {}
  const { handler, close } = await start({ module: Empty }, {}, (app) => app.use(path, route));
  return {
    handler,
    close: async () => {
      await close();
      await route.close();
    },
  };
});

async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

describe('the recipe', () => {
  it('sells: its program, started as a shop starts it', async (t) => {
    const { simulator, client, env } = await simulatorFor(t);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/netgiro/callback`;
    const shop = spawn(process.execPath, [join(folder, 'dist/main.js')], {
      env: { ...process.env, ...env, PORT: port, SHOP_CALLBACK_URL: url },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    t.after(() => shop.kill('SIGKILL'));
    const answers = () => send(url, { method: 'GET' }).then(({ status }) => status === 405, () => false);
    await until(answers, 'the shop answers', 60_000);

    // Its orders are empty, so it knows none, and Netgíró's callback is refused.
    const cart = await client.insertCart({ amount: 4990, reference: 'order-1', customerId: CUSTOMER, callbackUrl: url });
    simulator.confirm(cart);
    await until(() => simulator.callbacks()[0]?.isDone, 'the callback is answered');
    assert.equal(simulator.callbacks()[0].status, 409);

    const ended = once(shop, 'exit');
    shop.kill('SIGTERM');
    await ended;
  });

  it('sells: an order is paid', async (t) => {
    const { simulator, env } = await simulatorFor(t);
    const kept = { ...process.env };
    t.after(() => Object.assign(process.env, kept));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/netgiro/callback`;
    Object.assign(process.env, env, { SHOP_CALLBACK_URL: url });
    const { ShopModule, Orders } = require('./nestjs/dist/shop.module.js');
    const { Client } = await import('netgiro');
    const app = await NestFactory.create(ShopModule, { rawBody: true, logger: false });
    t.after(() => app.close());
    await app.listen(port, '127.0.0.1');
    const orders = app.get(Orders);
    orders.open('order-1', 4990);
    const cart = await app.get(Client).insertCart({ amount: 4990, reference: 'order-1', customerId: CUSTOMER, callbackUrl: url, confirmationType: 'server_callback' });
    simulator.confirm(cart);
    await until(() => orders.status('order-1') === 'paid', 'the order is paid');
    assert.ok(simulator.cart(cart).isPaid);
  });

  it('is what the documentation shows', () => {
    isShown('routes/nestjs/src/netgiro.module.ts', 'docs/frameworks/nestjs.md');
  });

  it('compiles strictly, and as the CommonJS of older projects', () => {
    compile('--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess');
    const older = ['--module', 'commonjs', '--moduleResolution', 'node10', '--resolvePackageJsonExports', 'false', '--ignoreDeprecations', '6.0'];
    compile('--noEmit', ...older);
  });
});
