// A shop on Next.js: a route of the app router, built and started.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { answered, freePort, has, here, outputFolder, PAID, run, shop } from './harness.mjs';

const require = createRequire(import.meta.url);
const QUIET = { NEXT_TELEMETRY_DISABLED: '1', CI: '1' };

/** A copy of the project. Next.js takes the folder with the lock file for the root, and there the packages are. */
function project() {
  const folder = outputFolder('next');
  cpSync(join(here, 'projects/next'), folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  return folder;
}

const next = (...args) => [require.resolve('next/dist/bin/next'), ...args];

describe('a shop on Next.js', () => {
  it('sells, with serverExternalPackages', async (t) => {
    if (!has(t, 'next', 'react', 'react-dom')) return;
    const folder = project();
    const { simulator, env } = await shop(t);
    const built = await run(next('build'), { env: { ...env, ...QUIET }, cwd: folder });
    assert.equal(built.code, 0, built.stdout + built.stderr);

    const port = await freePort();
    const server = spawn(process.execPath, next('start', '--port', String(port)), { cwd: folder, env: { ...env, ...QUIET }, stdio: 'ignore' });
    const ended = once(server, 'exit');
    t.after(() => server.kill('SIGKILL'));
    const response = await answered(`http://127.0.0.1:${port}/pay`, { method: 'POST', body: JSON.stringify({ reference: 'order-1' }) });
    assert.deepEqual(await response.json(), PAID);
    assert.ok(simulator.carts()[0].isPaid);
    server.kill('SIGTERM');
    await ended;
  });
});
