// What the tests of bundlers have in common: a simulator, programs in processes of their own, and tools that may be missing.
/* global fetch -- in every Node that this package runs on */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Simulator } from 'netgiro';

export const here = dirname(fileURLToPath(import.meta.url));

const require = createRequire(import.meta.url);

/** What a program of `projects/` prints once its customer has paid. */
export const PAID = { status: 'confirmed', isPaid: true, same: true, refused: 'invalid_request' };

/** Whether these packages are installed; a test without them is skipped, and says so. */
export function has(t, ...packages) {
  const missing = packages.filter((name) => {
    try {
      require.resolve(`${name}/package.json`);
      return false;
    } catch (error) {
      return error.code === 'MODULE_NOT_FOUND';
    }
  });
  if (missing.length > 0) t.skip(`not installed here: ${missing.join(', ')}`);
  return missing.length === 0;
}

/** A folder for what a bundler emits: outside of `node_modules`, and not beside the package. */
export function outputFolder(name) {
  return mkdtempSync(join(here, `out-${name}-`));
}

/** The environment of a shop whose Netgíró is a simulator, which ends with the test. */
export async function shop(t) {
  const simulator = await Simulator.start();
  t.after(() => simulator.close());
  const env = {
    ...process.env,
    NETGIRO_APP_KEY: simulator.appKey,
    NETGIRO_SECRET_KEY: simulator.secretKey,
    NETGIRO_BASE_URL: simulator.url,
  };
  return { simulator, env };
}

/** Runs a program to its end; its exit code and what it printed. */
export async function run(args, { env = process.env, cwd = here } = {}) {
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

/** Runs a bundled program of `projects/`, which must sell. */
export async function sells(t, file) {
  const { env } = await shop(t);
  const { code, stdout, stderr } = await run([file], { env });
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), PAID);
}

/** Runs a program whose addon is missing; it must say what to do. */
export async function saysWhatToDo(file) {
  const { code, stderr } = await run([file]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /netgiro cannot load its compiled half: .*netgiro\.[\w-]+\.node.*external.*docs\/frameworks\/bundlers\.md/);
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks until there is an answer, for at most a minute. */
export async function answered(url, options) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await fetch(url, options);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
