// Nothing that is printed, thrown, kept or published holds a secret key, a whole phone number or a whole kennitala.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, it } from 'node:test';
import { inspect, promisify } from 'node:util';
import { CartPoll, Client, MemoryReplayGuard } from 'netgiro';
import { APP_KEY, failure, ID, QUICK, simulate, withServer } from '../harness.mjs';

const run = promisify(execFile);
const SECRET = 'c2VjcmV0LXRoYXQtbXVzdC1uZXZlci1iZS1wcmludGVk';
const OLDER = 'b2xkZXItc2VjcmV0LXRoYXQtaXMtYmVpbmctcmVwbGFjZWQ';
const PASSWORD = 'hunter2-of-the-proxy';
const customers = { phone: '6912345', kennitala: '1111111119' };
const HIDDEN = new RegExp(
  [SECRET, OLDER, PASSWORD, ...Object.values(customers).flatMap((id) => [id, `${id.slice(0, -4)}-${id.slice(-4)}`])].join('|'),
);

/** What a log may make of a value. */
function printed(value) {
  const texts = [
    inspect(value, { depth: Infinity, showHidden: true, getters: true }),
    inspect(value, { depth: Infinity, customInspect: false, showHidden: true, getters: true, showProxy: true }),
    String(value),
    JSON.stringify(value) ?? '',
  ];
  for (let error = value; error instanceof Error; error = error.cause) texts.push(error.stack, error.message, String(error));
  return texts.join('\n');
}

function assertHides(value, what) {
  const found = HIDDEN.exec(printed(value));
  assert.equal(found, null, `${what} tells ${found?.[0]}:\n${printed(value)}`);
}

const made = (baseUrl, more) => new Client({ appKey: APP_KEY, secretKey: SECRET, previousSecretKeys: [OLDER], baseUrl, ...more });

describe('nothing tells a secret', () => {
  it('the test would notice', () => {
    for (const secret of [SECRET, OLDER, PASSWORD, ...Object.values(customers)]) {
      assert.throws(() => assertHides({ deep: { down: [secret] } }));
      assert.throws(() => assertHides(new Error('x', { cause: new Error(secret) })));
    }
  });

  it('not the clients, the guards, the simulator', async () => {
    const simulator = await simulate({ secretKey: SECRET });
    const client = simulator.client({ previousSecretKeys: [OLDER] });
    for (const value of [client, made(undefined, { proxy: `http://user:${PASSWORD}@127.0.0.1:9` }), new MemoryReplayGuard()]) {
      assertHides(value, value.constructor.name);
    }
    assert.equal(HIDDEN.exec(inspect(simulator, { depth: Infinity })), null);
  });

  for (const [kind, customerId] of Object.entries(customers)) {
    it(`not the results, polls and events of a whole checkout by ${kind}`, async () => {
      const events = [];
      const listener = (event) => events.push(event);
      for (const topic of ['netgiro:request', 'netgiro:poll']) subscribe(topic, listener);
      const simulator = await simulate({ secretKey: SECRET });
      const client = simulator.client();
      const cart = await client.insertCart({ amount: 4990, reference: 'order-17', customerId });
      const poll = new CartPoll(cart, { policy: QUICK, timeoutMs: 30 });
      const stepped = await client.pollStep(poll);
      const wait = { policy: QUICK, timeoutMs: 30 };
      const late = await client.waitForCart(cart, wait).catch((error) => error);
      const states = [await client.checkCart(cart), ...(await client.checkMany([cart, ID])), await client.settleCart(poll, wait)];
      for (const topic of ['netgiro:request', 'netgiro:poll']) unsubscribe(topic, listener);
      assert.ok(events.length > 5);
      for (const value of [cart, poll, stepped, late, late.poll ?? '', poll.toJson(), ...states, ...events]) assertHides(value, 'it');
    });
  }

  it('not the errors of calls that fail, whatever the server says', async () => {
    // A server that gives everything back that it was told, as some do when they fail.
    const echo = (request) => ({
      status: [400, 401, 404, 429, 500, 302, 200][request.endpoint.length % 7],
      headers: { 'X-Echo': encodeURIComponent(request.body.toString()) },
      body: JSON.stringify({ Success: false, ResultCode: 400, Message: `no: ${request.body}` }),
    });
    const answers = [
      echo,
      (request) => ({ ...echo(request), status: 400 }),
      (request) => ({ ...echo(request), status: 500 }),
      (request) => ({ ...echo(request), status: 200 }),
      (request) => ({ status: 200, body: `<html>${request.body}` }),
      () => 'cut',
    ];
    for (const answer of answers) {
      await withServer(answer, async (server) => {
        const client = made(server.baseUrl);
        for (const customerId of Object.values(customers)) {
          const order = { amount: 4990, reference: 'order-17', customerId };
          const error = await failure(() => client.insertCart(order));
          assertHides(error, 'the error');
          assertHides(error.toJSON(), 'its JSON');
        }
        assertHides(await failure(() => client.confirmCart(ID, { identifier: customers.kennitala })), 'the error');
        assertHides(await client.checkCart(ID).catch((error) => error), 'the error');
        const refund = { idempotencyKey: `refund-${server.requests.length}`, description: `to ${customers.phone}` };
        assertHides(await client.refundCart(ID, 1000, refund).catch((error) => error), 'the error');
        const look = { amount: 4990 };
        assertHides(await client.findByReference('order-17', look).catch((error) => error), 'the error');
        assertHides(await client.getTransaction(ID).catch((error) => error), 'the error');
        const page = 'https://shop.example/';
        const checkout = { amount: 4990, reference: 'order-17', successUrl: page, cancelUrl: page };
        assertHides(await client.createCheckout(checkout).catch((error) => error), 'the error');
      });
    }
  });

  it('not the refusals of what was given', async () => {
    const order = { amount: 4990, reference: 'order-17', customerId: customers.phone };
    const client = made('http://127.0.0.1:9/v1/');
    const wrong = [
      () => client.insertCart({ ...order, amount: 0 }),
      () => client.insertCart({ ...order, customerId: `${customers.phone}0` }),
      () => client.insertCart({ ...order, customerId: `+354 ${customers.kennitala}` }),
      () => client.insertCart({ ...order, customer: customers.phone }),
      () => client.insertCart({ ...order, customerId: Number(customers.phone) }),
      () => client.insertCart({ ...order, customerId: [customers.kennitala] }),
      () => client.insertCart(order),
      () => new Client({ appKey: SECRET, secretKey: SECRET }),
      () => new Client({ appKey: APP_KEY, secretKey: `${SECRET} ` }),
      () => new Client({ appKey: APP_KEY, secretKey: [SECRET] }),
      () => new Client({ appKey: APP_KEY, secretKey: SECRET, previousSecretKeys: [`${OLDER} `] }),
      () => new Client({ appKey: APP_KEY, secretKey: SECRET, previousSecretKeys: { OLDER } }),
      () => new Client({ appKey: APP_KEY, secretKey: SECRET, proxy: `socks9://user:${PASSWORD}@x` }),
      () => client.verifyCallback({ url: 'u', headers: { netgiro_nonce: '1', netgiro_signature: 'a'.repeat(64) }, body: '{}' }),
    ];
    for (const [at, call] of wrong.entries()) assertHides(await failure(call), `refusal ${at}`);
  });

  it('not what Node prints of an error that nobody catches, nor the compiled half’s own log', async () => {
    const source = `
      import { Client } from 'netgiro';
      const client = new Client(${JSON.stringify({ appKey: APP_KEY, secretKey: SECRET, baseUrl: 'http://127.0.0.1:9/v1/' })});
      console.log(client);
      await client.insertCart({ amount: 1, reference: 'order-17', customerId: '${customers.phone}' }).catch(console.error);
      await client.insertCart({ amount: 1, reference: 'order-17', customerId: '${customers.kennitala}' });
    `;
    const { code, stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', source], {
      cwd: new URL('.', import.meta.url).pathname,
      env: { ...process.env, RUST_LOG: 'trace', RUST_BACKTRACE: 'full' },
    }).catch((error) => error);
    assert.equal(code, 1);
    // Node shows the line of the program that threw, too; that is the program's own.
    const log = `${stdout}${stderr}`.split('\n').filter((line) => line.trim() === '' || !source.includes(line.trim()));
    assert.match(log.join('\n'), /ConnectError/);
    assert.equal(HIDDEN.exec(log.join('\n')), null, log.join('\n'));
  });
});
