// Plays the installed package on the platform it is for: a checkout, TLS, many carts at once, and the command. Needs nothing but
// Node, Bun or Deno. Prints what came out; a wrong outcome is an error.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { Client, ConnectError, Simulator } from 'netgiro';

const CARTS = 2000;
const order = { amount: 4990, customerId: '811-1111' };
const policy = { minIntervalMs: 50, defaultIntervalMs: 50, maxIntervalMs: 50 };

async function checkout() {
  const simulator = await Simulator.start();
  const client = simulator.client();
  const carts = await Promise.all(Array.from({ length: 20 }, (_, n) => client.insertCart({ reference: `order-${n}`, ...order })));
  const states = await Promise.all(carts.map((cart) => client.settleCart(cart, { timeoutMs: 60_000, policy })));
  assert.ok(states.every((state) => state.isPaid), JSON.stringify(states));
  await client.close();
  await simulator.close();
  return states[0].status;
}

async function tls() {
  const simulator = await Simulator.start({ tls: true });
  const client = simulator.client();
  assert.match(client.baseUrl, /^https:/);
  const cart = await client.insertCart({ reference: 'order-1', ...order });
  const state = await client.checkCart(cart);
  assert.ok(state.isPaid, JSON.stringify(state));
  const { appKey, secretKey } = simulator;
  const stranger = new Client({ appKey, secretKey, baseUrl: client.baseUrl });
  await assert.rejects(stranger.checkCart(cart), (error) => error instanceof ConnectError && /certificate/.test(error.message));
  await Promise.all([stranger.close(), client.close()]);
  await simulator.close();
  return state.status;
}

async function bulk() {
  const simulator = await Simulator.start();
  const client = simulator.client();
  const cart = await client.insertCart({ reference: 'order-1', ...order });
  const results = await client.checkMany(Array.from({ length: CARTS }, () => cart.transactionId));
  const paid = results.filter((result) => result.state?.isPaid).length;
  assert.equal(paid, CARTS);
  await client.close();
  await simulator.close();
  return paid;
}

function command(version) {
  const program = join(folder, 'node/dist/cli.js');
  const own = globalThis.Deno ? [process.execPath, 'run', '--allow-all'] : [process.execPath];
  const [runtime, ...options] = process.env.NETGIRO_RUNTIME?.split('\n') ?? own;
  const printed = execFileSync(runtime, [...options, program, '--version'], { encoding: 'utf8' }).trim();
  assert.ok(printed.includes(version), printed);
  return printed;
}

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve('netgiro/package.json'));
const { version } = require('netgiro/package.json');
const played = {
  version,
  runtime: globalThis.Deno ? `Deno ${globalThis.Deno.version.deno}` : process.versions.bun ? `Bun ${process.versions.bun}` : `Node ${process.versions.node}`,
  platform: `${process.platform}-${process.arch}`,
  checkout: await checkout(),
  tls: await tls(),
  bulk: await bulk(),
  command: command(version),
};
console.log(JSON.stringify(played));
