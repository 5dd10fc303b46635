// Where shops run: AWS Lambda, pm2, Jest, and a Node that loads no addons.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { build } from 'esbuild';
import { answered, freePort, has, here, outputFolder, PAID, run, shop } from './harness.mjs';

const require = createRequire(import.meta.url);

describe('a handler for AWS Lambda', () => {
  const unpacked = {
    'from a zip with node_modules': async () => {
      const folder = outputFolder('lambda');
      cpSync(join(here, 'projects/handler.mjs'), join(folder, 'index.mjs'));
      cpSync(dirname(require.resolve('netgiro/package.json')), join(folder, 'node_modules/netgiro'), { recursive: true, dereference: true });
      return join(folder, 'index.mjs');
    },
    'bundled by esbuild': async () => {
      const outfile = join(outputFolder('lambda-bundle'), 'index.cjs');
      await build({
        entryPoints: [join(here, 'projects/handler.mjs')],
        outfile,
        bundle: true,
        platform: 'node',
        format: 'cjs',
        loader: { '.node': 'copy' },
        logLevel: 'silent',
      });
      return outfile;
    },
  };
  for (const [name, make] of Object.entries(unpacked)) {
    it(`${name}: answers, empties the event loop, and goes on after a freeze`, async (t) => {
      const { simulator, env } = await shop(t);
      const runtime = spawn(process.execPath, [join(here, 'projects/lambda-runtime.mjs'), await make(), 'order-1', 'order-2'], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      t.after(() => runtime.kill('SIGKILL'));
      const ended = once(runtime, 'exit');
      let printed = '';
      for await (const chunk of runtime.stdout) {
        printed += chunk;
        // Lambda lets a frozen container go on when the next event comes; it may not be frozen yet.
        for (let times = 0; times < 20; times += 1) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          runtime.kill('SIGCONT');
        }
      }
      assert.deepEqual(await ended, [0, null]);
      const answers = printed.trim().split('\n').map((line) => JSON.parse(JSON.parse(line).body));
      assert.deepEqual(answers, [{ status: 'confirmed', isPaid: true }, { status: 'confirmed', isPaid: true }]);
      assert.deepEqual(simulator.carts().map(({ reference }) => reference), ['order-1', 'order-2']);
    });
  }
});

describe('pm2', () => {
  it('runs a shop in cluster mode, reloads it and stops it by SIGINT', async (t) => {
    if (!has(t, 'pm2')) return;
    const { simulator, env: shopEnv } = await shop(t);
    const port = await freePort();
    const folder = outputFolder('pm2');
    const env = { ...shopEnv, PORT: String(port), PM2_HOME: folder };
    writeFileSync(
      join(folder, 'shop.config.cjs'),
      `module.exports = ${JSON.stringify({
        apps: [{ name: 'shop', script: join(here, 'projects/server.mjs'), exec_mode: 'cluster', instances: 2, wait_ready: true, kill_timeout: 60_000 }],
      })};`,
    );
    const pm2 = async (...args) => {
      const { code, stdout, stderr } = await run([require.resolve('pm2/bin/pm2'), ...args], { env });
      assert.equal(code, 0, stdout + stderr);
      return stdout;
    };
    t.after(() => pm2('kill', '--silent'));
    const sold = async (reference) => {
      const response = await answered(`http://127.0.0.1:${port}/${reference}`);
      const { pid, paid } = await response.json();
      assert.deepEqual(paid, PAID);
      return pid;
    };

    await pm2('start', join(folder, 'shop.config.cjs'), '--silent');
    const before = await sold(1);
    await pm2('reload', 'shop', '--silent');
    assert.notEqual(await sold(2), before);
    await pm2('stop', 'shop', '--silent');
    const stopped = JSON.parse((await pm2('jlist', '--silent')).trim().split('\n').at(-1));
    for (const { pm2_env: app } of stopped) {
      assert.equal(app.status, 'stopped');
      assert.equal(app.exit_code, 0, 'it has ended by itself');
    }
    assert.equal(simulator.carts().length, 2);
  });
});

describe('Jest', () => {
  it('finds no open handle after close()', async (t) => {
    if (!has(t, 'jest')) return;
    const { code, stdout, stderr } = await run([require.resolve('jest/bin/jest'), '--rootDir', join(here, 'projects/jest'), '--detectOpenHandles', '--no-cache']);
    assert.equal(code, 0, stdout + stderr);
    assert.doesNotMatch(stderr, /open handle|did not exit|worker process has failed/i);
  });

  it('finds none in its workers', async (t) => {
    if (!has(t, 'jest')) return;
    const { code, stdout, stderr } = await run([require.resolve('jest/bin/jest'), '--rootDir', join(here, 'projects/jest'), '--maxWorkers', '2', '--no-cache']);
    assert.equal(code, 0, stdout + stderr);
    assert.doesNotMatch(stderr, /open handle|did not exit|worker process has failed|force exited/i);
  });
});

describe('a Node that loads no addons', () => {
  const program = join(here, 'projects/main.mjs');
  for (const flags of [['--no-addons']]) {
    it(`says so: ${flags.join(' ')}`, async () => {
      const { code, stderr } = await run([...flags, program]);
      assert.equal(code, 1);
      assert.match(stderr, /Error: netgiro cannot load its compiled half: Node was started with --no-addons, or with --permission/);
    });
  }

  it('says so: NODE_OPTIONS', async () => {
    const { code, stderr } = await run([program], { env: { ...process.env, NODE_OPTIONS: '--no-addons' } });
    assert.equal(code, 1);
    assert.match(stderr, /--no-addons/);
  });

  it('says so in a bundle as well', async () => {
    const folder = outputFolder('no-addons');
    mkdirSync(folder, { recursive: true });
    const outfile = join(folder, 'main.cjs');
    await build({ entryPoints: [program], outfile, bundle: true, platform: 'node', loader: { '.node': 'copy' }, logLevel: 'silent' });
    const { code, stderr } = await run(['--no-addons', outfile]);
    assert.equal(code, 1);
    assert.match(stderr, /--no-addons/);
  });
});
