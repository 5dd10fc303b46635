// The helpers for the tests of a shop, with node:test itself and with Vitest.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client, ConfigurationError } from 'netgiro';
import { simulatorFor, useSimulator } from 'netgiro/testing';
import { send } from '../harness.mjs';

const customerId = '8223281';
const stopped = [];

/** Whether a simulator answers. */
const runs = ({ url }) => send(url).then(() => true, () => false);

describe('one simulator for a suite', () => {
  const netgiro = useSimulator({ before, after }, { seed: 5, client: { timeoutMs: 2_000 } });

  it('is not there before the suite', async () => {
    const early = useSimulator({ before() {}, after() {} });
    for (const name of ['simulator', 'client', 'env']) assert.throws(() => early[name], ConfigurationError);
  });

  it('a customer pays', async () => {
    const cart = await netgiro.client.insertCart({ amount: 4990, reference: 'order-1', customerId });
    netgiro.simulator.confirm(cart);
    assert.equal((await netgiro.client.settleCart(cart)).isPaid, true);
    stopped.push(netgiro.simulator);
  });

  it('is the same in each test', async () => {
    assert.equal(netgiro.simulator, stopped[0]);
    assert.equal(netgiro.simulator.carts().length, 1);
    assert.ok(await runs(netgiro.simulator));
  });
});

describe('one for each test', () => {
  it('has nothing in it', async (t) => {
    const { simulator, client, env } = await simulatorFor(t);
    assert.deepEqual(simulator.carts(), []);
    assert.ok(client instanceof Client);
    assert.deepEqual(Object.keys(env), ['NETGIRO_APP_KEY', 'NETGIRO_SECRET_KEY', 'NETGIRO_BASE_URL']);
    stopped.push(simulator);
  });

  it('stops with it', async () => {
    assert.equal(stopped.length, 2);
    for (const simulator of stopped) assert.equal(await runs(simulator), false);
  });

  it('is refused where there is no hook', async () => {
    assert.throws(() => useSimulator(), /before or beforeAll/);
    assert.throws(() => useSimulator({ before }), /after or afterAll/);
    await assert.rejects(simulatorFor({}), /after or onTestFinished/);
  });
});

it('Vitest runs them as well', () => {
  const here = dirname(fileURLToPath(import.meta.url));
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, 'run', '--root', join(here, 'vitest'), '--reporter', 'json'], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '' },
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  const report = JSON.parse(stdout);
  assert.deepEqual([report.numPassedTests, report.numTotalTests], [3, 3]);
});
