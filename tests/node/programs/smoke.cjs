// A checkout with all that differs between runtimes: promises from another thread, aborting, channels, the end.
const { subscribe } = require('node:diagnostics_channel');
const netgiro = require('netgiro');

module.exports = async function smoke({ Simulator }) {
  const events = [];
  const listener = (event, name) => events.push(name);
  subscribe('netgiro:request', listener);
  const simulator = await Simulator.start({ seed: 1, checkIntervalMs: 5 });
  const client = simulator.client();
  const order = { amount: 4990, reference: 'order-17', customerId: '8223281' };
  const cart = await client.insertCart(order);
  const options = { policy: { minIntervalMs: 5, defaultIntervalMs: 5 } };
  const waiting = client.waitForCart(cart, options);
  setTimeout(() => simulator.confirm(cart), 30);
  const paid = await waiting;
  const other = await client.insertCart(order);
  const settled = await client.settleCart(other, { ...options, timeoutMs: 30 });
  simulator.addFault('CheckCart', { dropBy: 'silence', drop: 'before' });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  const aborted = await client.checkCart(cart, { signal: controller.signal }).catch((error) => error);
  const refused = await client.checkCart('nonsense').catch(({ code }) => code);
  let forged;
  try {
    client.verifyCallback({ url: 'u', headers: { netgiro_nonce: '1', netgiro_signature: '0'.repeat(64) }, body: '{}' });
  } catch ({ code }) {
    forged = code;
  }
  const many = await client.checkMany(Array.from({ length: 20 }, () => cart));
  globalThis.kept = [client, client.watchCart(cart)];
  const outcome = [paid.status, settled.status, aborted.name === 'AbortError' && 'aborted', refused, forged, many.length, events[0]];
  console.log(JSON.stringify(outcome));
  await simulator.close();
};

if (require.main === module) module.exports(netgiro);
