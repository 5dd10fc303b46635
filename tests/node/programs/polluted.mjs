// Calls while somebody has added members to Object.prototype that are named like options: prints what was sent and told.

import { Client, CartPoll, MemoryReplayGuard, Simulator } from 'netgiro';

const order = { amount: 4990, reference: 'order-17', customerId: '8223281' };
const called = [];
const added = {
  signal: AbortSignal.abort(new Error('of the prototype')),
  onUpdate: () => called.push('onUpdate'),
  onProgress: () => called.push('onProgress'),
  timeoutMs: 'soon',
  policy: 17,
  concurrency: 0,
  rate: 0,
  resume: 17,
  retryForMs: -1,
  identifier: 17,
  callbackUrl: 17,
  confirmationType: 'manual',
  items: [{ name: 'Ull', unitPrice: 1 }],
  amount: 17,
  reference: 'polluted',
  token: 'polluted',
  baseUrl: 'http://192.0.2.1/',
  proxy: 'http://192.0.2.1/',
  minIntervalMs: -1,
  settlementNumber: 'x',
  idempotencyKey: 17,
  description: 17,
  now: 'x',
  capacity: -1,
  checkIntervalMs: 'x',
  tls: 'x',
  error: { code: 'api', message: 'polluted' },
  facts: { code: 'api', message: 'polluted' },
  stopped: true,
  event: {},
  state: [17],
  poll: 17,
  cause: { message: 'polluted' },
  httpStatus: 17,
};
Object.assign(Object.prototype, added);
const statuses = [];
const simulator = await Simulator.start();
const client = simulator.client();
const cart = await client.insertCart(order);
simulator.confirm(cart);
for (const call of ['checkCart', 'confirmCart', 'waitForCart', 'settleCart', 'cancelCart']) {
  statuses.push((await client[call]({ transactionId: cart.transactionId })).status);
}
statuses.push((await client.waitForCart(cart, { policy: { defaultIntervalMs: 1_000 } })).status);
statuses.push((await client.checkMany([cart]))[0].state.status);
for await (const { state } of client.waitMany([cart])) statuses.push(state.status);
for await (const { status } of client.watchCart(cart)) statuses.push(status);
statuses.push((await client.pollStep(new CartPoll(cart))).state.status);
await client.findByReference('order', { amount: 1 });
await client.refundCart(cart, 1000, { idempotencyKey: 'key' });
await client.getTransaction(cart);
await client.createCheckout({ amount: 1, reference: 'order', successUrl: 'https://shop.example/', cancelUrl: 'https://shop.example/' });
await client.settlements({ dateFrom: '2026-01-01', dateTo: '2026-01-02' });
const { baseUrl } = new Client({ appKey: simulator.appKey, secretKey: simulator.secretKey });
const isFirst = new MemoryReplayGuard().isFirst('1', 'a');
const { code, httpStatus, message } = await client.checkCart('no cart').catch((error) => error);
const [{ body }] = simulator.requests();
await simulator.close();
for (const name of Object.keys(added)) delete Object.prototype[name];
console.log(JSON.stringify({ statuses, called, baseUrl, isFirst, refusal: { code, httpStatus, message }, body: JSON.parse(body) }));
