// A shop's tests, as Jest runs them: each file with modules and globals of its own.

const netgiro = require('netgiro');
const { simulatorFor, useSimulator } = require('netgiro/testing');

const { CartPoll, Client, InvalidRequestError, NetgiroError, WaitTimeoutError } = netgiro;
const NEW_CART = { amount: 4990, reference: 'order-1', customerId: '8223281' };

describe('one simulator for a suite', () => {
  const shop = useSimulator({ beforeAll, afterAll });

  test('a customer pays', async () => {
    const cart = await shop.client.insertCart(NEW_CART);
    shop.simulator.confirm(cart);
    expect((await shop.client.settleCart(cart)).isPaid).toBe(true);
  });

  test('errors are of their classes', async () => {
    const error = await shop.client.checkCart('x').catch((caught) => caught);
    expect(error).toBeInstanceOf(InvalidRequestError);
    expect(error).toBeInstanceOf(NetgiroError);
    expect(error).toBeInstanceOf(Error);
    expect(() => new Client({})).toThrow(netgiro.ConfigurationError);
    const late = shop.client.waitForCart(await shop.client.insertCart(NEW_CART), { timeoutMs: 0 });
    await expect(late).rejects.toThrow(WaitTimeoutError);
  });

  test('plain objects, bytes and dates of this realm are taken', async () => {
    const callbackUrl = 'http://127.0.0.1:9/callback';
    const cart = await shop.client.insertCart(Object.assign(Object.create(null), NEW_CART, { callbackUrl }));
    shop.simulator.confirm(cart);
    const sent = shop.simulator.callbacks().at(-1);
    for (const body of [sent.body, Buffer.from(sent.body), new Uint8Array(Buffer.from(sent.body)), new TextEncoder().encode(sent.body)]) {
      expect(shop.client.verifyCallback({ url: callbackUrl, headers: sent.headers, body }).transactionId).toBe(cart.transactionId);
    }
    expect(Array.isArray(await shop.client.settlements({ dateFrom: new Date(0), dateTo: new Date() }))).toBe(true);
    const poll = CartPoll.fromJson(JSON.parse(JSON.stringify(new CartPoll(cart))));
    expect(poll).toEqual(CartPoll.fromJson(poll.toJson()));
  });

  test('a signal of this realm ends a call', async () => {
    const controller = new AbortController();
    const cart = await shop.client.insertCart(NEW_CART);
    const waiting = shop.client.waitForCart(cart, { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});

test('one for a test', async () => {
  const hooks = [];
  const { client, simulator } = await simulatorFor({ after: (call) => hooks.push(call) });
  const results = await client.checkMany([await client.insertCart(NEW_CART)]);
  expect(results).toHaveLength(1);
  expect(results[0].state.status).toBe('pending');
  expect(simulator.carts()).toHaveLength(1);
  for (const hook of hooks) await hook();
});
