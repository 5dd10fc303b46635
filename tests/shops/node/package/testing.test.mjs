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

/** Runs a file of the folder `vitest`, as a shop does. */
function vitest(file, ...options) {
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'vitest');
  const program = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'run', file, '--root', folder, ...options], {
    encoding: 'utf8',
    timeout: 300_000,
    env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '', NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  return { stdout, stderr };
}

it('Vitest runs them as well', () => {
  const report = JSON.parse(vitest('suite.spec.mjs', '--reporter', 'json').stdout);
  assert.deepEqual([report.numPassedTests, report.numTotalTests], [3, 3]);
});

for (const pool of ['forks', 'threads']) {
  it(`Vitest finds nothing open after close(), in ${pool}`, () => {
    // What the addon makes when it is loaded stays as long as it does, and keeps nothing running.
    const found = (file) => {
      const { stdout, stderr } = vitest(file, '--pool', pool, '--detectAsyncLeaks');
      assert.doesNotMatch(stderr, /timed out|terminat|prevents/i);
      return Array.from(`${stdout}${stderr}`.matchAll(/(\S+) leaking in /g), ([, type]) => type).filter((type) => type !== 'CustomGC');
    };
    assert.deepEqual(found('open.spec.mjs'), ['napi_rs_threadsafe_function']);
    assert.deepEqual(found('closed.spec.mjs'), []);
  });
}
