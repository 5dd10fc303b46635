// The package on other runtimes: Node 20, 22, 24 and the newest, Bun and Deno; one that cannot be installed is skipped, and
// says why.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { options, runtime } from '../runtimes.mjs';

const run = promisify(execFile);

const RUNTIMES = [
  { name: 'node@20', version: /^v20\./ },
  { name: 'node@22', version: /^v22\./ },
  { name: 'node@24', version: /^v24\./ },
  { name: 'node@latest', version: /^v\d+\./ },
  { name: 'bun@latest', version: /^\d+\./ },
  { name: 'deno@latest', version: /^deno \d+\./, args: ['run', '--allow-all', '--node-modules-dir=manual'] },
];

describe('a whole checkout on', { concurrency: 2 }, () => {
  for (const { name, version, args = [] } of RUNTIMES) {
    it(name, async (t) => {
      const found = await runtime(t, name);
      if (found === null) return;
      const { path, version: printed } = found;
      assert.match(printed, version);
      for (const program of ['smoke.mjs', 'smoke.cjs']) {
        const { stdout } = await run(path, [...args, program], options);
        t.diagnostic(`${printed.split('\n')[0]}: ${stdout.trim()}`);
        assert.deepEqual(JSON.parse(stdout), ['confirmed', 'canceled', 'aborted', 'invalid_request', 'signature', 20, 'netgiro:request']);
      }
    });
  }
});
