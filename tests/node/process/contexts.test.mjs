// In whose context the functions of callers are called: the caller's, on every Node, and never that of the process's first
// request, whose store is freed with it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { options, runtime } from '../runtimes.mjs';

const run = promisify(execFile);

/** Node 24 keeps contexts otherwise than those before it; Node 22 can be told to. */
const KINDS = [
  { name: 'node@20', flags: [] },
  { name: 'node@22', flags: [] },
  { name: 'node@22', flags: ['--experimental-async-context-frame'] },
  { name: 'node@24', flags: [] },
];

const EXPECTED = {
  'first onProgress': ['first'],
  'first onUpdate': ['first'],
  'tenant 0 onUpdate': ['tenant 0'],
  'tenant 1 onUpdate of settleCart': ['tenant 1'],
  'tenant 2 watchCart': ['tenant 2'],
  'tenant 3 onProgress': ['tenant 3'],
  'tenant 3 each of checkMany': ['tenant 3'],
  'tenant 4 onProgress of waitMany': ['tenant 4'],
  'tenant 4 each of waitMany': ['tenant 4'],
};

describe('two tenants of one process', { concurrency: 2 }, () => {
  for (const { name, flags } of KINDS) {
    for (const when of ['early', 'late']) {
      it(`${[name, ...flags].join(' ')}, the package loaded ${when}`, async (t) => {
        const found = await runtime(t, name);
        if (found === null) return;
        const { stdout } = await run(found.path, ['--expose-gc', ...flags, 'contexts.cjs', when], options);
        const { seen, collected } = JSON.parse(stdout);
        const { 'late subscriber': late, ...functions } = seen;
        assert.deepEqual(functions, EXPECTED);
        assert.ok(late.length > 0 && !late.includes('first'), `${late}`);
        assert.ok(collected, 'the store of the first request is freed');
      });
    }
  }
});
