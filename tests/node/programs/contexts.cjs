// Two tenants of one process: prints in whose context each function of theirs is called, and whether what the first one
// had stored could be collected. With `late`, the package is loaded by the first one's request.
//
//   node --expose-gc contexts.cjs [late]

const { AsyncLocalStorage } = require('node:async_hooks');
const { subscribe } = require('node:diagnostics_channel');
const { clearInterval, setInterval } = require('node:timers');

const early = process.argv[2] === 'late' ? undefined : require('netgiro');
const ORDER = { amount: 4990, reference: 'order-17', customerId: '8223281' };
const QUICK = { policy: { minIntervalMs: 5, defaultIntervalMs: 10, maxIntervalMs: 20 } };
const tenants = new AsyncLocalStorage();
const others = new AsyncLocalStorage();
const seen = {};
let simulator;
let client;

/** Notes where it is called. */
function noted(name) {
  return () => {
    seen[name] ??= [];
    const tenant = tenants.getStore()?.tenant ?? 'nobody';
    if (!seen[name].includes(tenant)) seen[name].push(tenant);
    if (others.getStore() !== undefined && others.getStore() !== `with ${tenant}`) seen[name].push(others.getStore());
  };
}

function as(tenant, request) {
  return tenants.run({ tenant }, () => others.run(`with ${tenant}`, request));
}

/** The first request of the process: its store is weakly held, and nothing else of it is kept. */
async function first() {
  const store = { tenant: 'first', much: new Array(1_000).fill('of the first tenant') };
  await tenants.run(store, () =>
    others.run('with first', async () => {
      const { Simulator } = early ?? require('netgiro');
      simulator = await Simulator.start({ checkIntervalMs: 5 });
      client = simulator.client();
      const cart = await client.insertCart(ORDER);
      await client.checkMany([cart, cart], { onProgress: noted('first onProgress') });
      simulator.confirm(cart);
      await client.waitForCart(cart, { ...QUICK, onUpdate: noted('first onUpdate') });
    }),
  );
  return new WeakRef(store);
}

/** Confirms a cart once it is being polled, from outside of any request. */
function confirmSoon(cart) {
  const timer = setInterval(() => {
    if (simulator.cart(cart).checks < 2) return;
    clearInterval(timer);
    simulator.confirm(cart);
  }, 5);
}

const uses = {
  async waitForCart(tenant, cart) {
    confirmSoon(cart);
    await client.waitForCart(cart, { ...QUICK, onUpdate: noted(`${tenant} onUpdate`) });
  },
  async settleCart(tenant, cart) {
    confirmSoon(cart);
    await client.settleCart(cart, { ...QUICK, onUpdate: noted(`${tenant} onUpdate of settleCart`) });
  },
  async watchCart(tenant, cart) {
    confirmSoon(cart);
    const note = noted(`${tenant} watchCart`);
    for await (const state of client.watchCart(cart, QUICK)) note(state);
  },
  async checkMany(tenant, cart) {
    const checking = client.checkMany([cart, cart], { onProgress: noted(`${tenant} onProgress`) });
    const note = noted(`${tenant} each of checkMany`);
    for await (const result of checking) note(result);
  },
  async waitMany(tenant, cart) {
    confirmSoon(cart);
    const waiting = client.waitMany([cart], { ...QUICK, onProgress: noted(`${tenant} onProgress of waitMany`) });
    // Whoever takes the first result: the function is of who made the call.
    await as('nobody else', () => waiting.next());
    const note = noted(`${tenant} each of waitMany`);
    for await (const result of waiting) note(result);
    note();
  },
};

async function main() {
  const weak = await first();
  const deadline = Date.now() + 30_000;
  while (weak.deref() !== undefined && Date.now() < deadline) {
    // In a turn of its own: what deref() gave lives to the end of the turn.
    await new Promise((resolve) => setTimeout(resolve, 5));
    globalThis.gc();
  }
  const collected = weak.deref() === undefined;

  const carts = await Promise.all(Object.keys(uses).map(() => client.insertCart(ORDER)));
  const tasks = Object.values(uses).map((use, at) => as(`tenant ${at}`, () => use(`tenant ${at}`, carts[at])));
  // It subscribes when these calls are in flight: nobody's context, and not the first one's.
  const late = noted('late subscriber');
  subscribe('netgiro:poll', late);
  await as('second', () => client.checkCart(carts[0]));
  await Promise.all(tasks);
  await client.close();
  await simulator.close();
  console.log(JSON.stringify({ seen, collected }));
}

main();
