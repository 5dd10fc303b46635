// A panic in the compiled half arrives as an Error, and does no more harm. Runs a build with functions that panic.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { simulate } from '../harness.mjs';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const installed = dirname(require.resolve('netgiro/package.json'));
const folder = process.env.NETGIRO_PANICS;

/** Runs a script against the package with the other addon. */
async function script(source) {
  const project = join(dirname(installed), '..', 'panicking');
  const copy = join(project, 'node_modules', 'netgiro');
  mkdirSync(copy, { recursive: true });
  cpSync(installed, copy, { recursive: true });
  for (const name of readdirSync(folder)) if (name.endsWith('.node')) cpSync(join(folder, name), join(copy, 'node', name));
  const { appKey, secretKey, url: baseUrl } = await simulate();
  const preamble = `
    const { Client, doctor, native } = require('netgiro');
    native.doctor = (port, number) => native.panicLater(port, number);
    const client = new Client(${JSON.stringify({ appKey, secretKey, baseUrl })});
    const check = () => client.checkCart('0f0e0d0c-0b0a-4908-8706-050403020100').then(({ status }) => status);
  `;
  const { stdout } = await run(process.execPath, ['--eval', preamble + source], { cwd: project, timeout: 20_000 });
  return JSON.parse(stdout);
}

describe('a panic', { skip: folder ? false : 'cargo is not there to build an addon that panics' }, () => {
  it('in a synchronous function is thrown as an Error; the next call works', async () => {
    const told = await script(`
      let error;
      try { native.panicNow(); } catch (thrown) { error = thrown; }
      check().then((status) => console.log(JSON.stringify([error instanceof Error, error.message, status])));
    `);
    assert.deepEqual(told, [true, 'deliberately, now', 'canceled']);
  });

  it('in an asynchronous function rejects with an Error; the next call works', async () => {
    const told = await script(`
      doctor()
        .catch((error) => error)
        .then(async (error) => console.log(JSON.stringify([error instanceof Error, error.message, await check()])));
    `);
    assert.deepEqual(told, [true, 'netgiro failed: panicked: deliberately, later', 'canceled']);
  });

  it('leaves the calls beside it alone', async () => {
    const told = await script(`
      const calls = Array.from({ length: 50 }, (_, n) => (n % 2 ? check() : doctor()));
      Promise.allSettled(calls).then((all) => console.log(JSON.stringify(all.map(({ status }) => status))));
    `);
    assert.deepEqual(told, Array.from({ length: 50 }, (_, n) => (n % 2 ? 'fulfilled' : 'rejected')));
  });
});

it('the addon that is published has no function that panics', () => {
  const [file] = readdirSync(join(installed, 'node')).filter((name) => name.endsWith('.node'));
  assert.deepEqual(Object.keys(require(join(installed, 'node', file))).filter((name) => /panic/i.test(name)), []);
});
