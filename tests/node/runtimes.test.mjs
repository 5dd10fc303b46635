// The package on other runtimes: Node 20, 22, 24 and the newest, Bun and Deno, each from its npm package. They are kept in
// `.work/runtimes`, where the next run finds them; one that cannot be installed is skipped, and says why.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { root } from './harness.mjs';

const run = promisify(execFile);
const programs = fileURLToPath(new URL('programs/', import.meta.url));
const options = { cwd: programs, timeout: 120_000 };

const RUNTIMES = [
  { name: 'node@20', version: /^v20\./ },
  { name: 'node@22', version: /^v22\./ },
  { name: 'node@24', version: /^v24\./ },
  { name: 'node@latest', version: /^v\d+\./ },
  { name: 'bun@latest', version: /^\d+\./ },
  { name: 'deno@latest', version: /^deno \d+\./, args: ['run', '--allow-all', '--node-modules-dir=manual'] },
];

/** The program of a runtime, installed if it is not there yet. */
async function install(name) {
  const [program] = name.split('@');
  const folder = join(root, '.work/runtimes', name.replace('@', '-'));
  const path = join(folder, 'node_modules/.bin', program);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'runtime', private: true }));
    // These packages fetch nothing of their own: their scripts link the program of the platform's package.
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', name], { ...options, cwd: folder });
  }
  return path;
}

describe('a whole checkout on', { concurrency: 2 }, () => {
  for (const { name, version, args = [] } of RUNTIMES) {
    it(name, async (t) => {
      let path;
      let printed;
      try {
        path = await install(name);
        printed = (await run(path, ['--version'], options)).stdout;
      } catch (error) {
        t.skip(`${name} cannot be installed and started here: ${String(error.stderr || error.message).trim().split('\n').at(-1)}`);
        return;
      }
      assert.match(printed, version);
      for (const program of ['smoke.mjs', 'smoke.cjs']) {
        const { stdout } = await run(path, [...args, program], options);
        t.diagnostic(`${printed.split('\n')[0]}: ${stdout.trim()}`);
        assert.deepEqual(JSON.parse(stdout), ['confirmed', 'canceled', 'aborted', 'invalid_request', 'signature', 20, 'netgiro:request']);
      }
    });
  }
});
