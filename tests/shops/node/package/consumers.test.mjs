// The subpaths as ES modules, CommonJS modules and TypeScript see them, and what they cost those who do not use them.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const here = fileURLToPath(new URL('consumers/', import.meta.url));

const EXPORTS = {
  bullmq: ['addCartPoll', 'cartPollProcessor', 'cartPollWorkerOptions'],
  express: ['netgiroCallback'],
  fastify: ['netgiro'],
  testing: ['simulatorFor', 'useSimulator'],
};

/** tsc's complaints about a consumer and about the package's own types; other packages' are theirs. */
async function tsc(file, ...module) {
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--noImplicitOverride'];
  const compiler = require.resolve('typescript/bin/tsc');
  const options = ['--noEmit', ...module, '--target', 'ES2022', '--lib', 'ES2023', '--types', 'node', '--esModuleInterop'];
  try {
    await run(process.execPath, [compiler, ...strict, ...options, file], { cwd: here });
    return [];
  } catch ({ stdout }) {
    return stdout.split('\n').filter((line) => line.startsWith('consumer') || line.includes('node_modules/netgiro/'));
  }
}

describe('the subpaths', () => {
  for (const [name, exports] of Object.entries(EXPORTS)) {
    it(`netgiro/${name} is one module, required and imported`, async () => {
      const imported = await import(`netgiro/${name}`);
      const all = [...exports, 'default'].sort();
      assert.deepEqual(Object.keys(imported).sort(), all);
      const required = require(`netgiro/${name}`);
      assert.deepEqual(Object.keys(required).sort(), all);
      for (const each of exports) assert.equal(required[each], imported[each]);
    });
  }

  for (const [file, ...module] of [
    ['consumer.mts', '--module', 'NodeNext'],
    ['consumer.cts', '--module', 'NodeNext'],
    ['consumer.mts', '--module', 'ESNext', '--moduleResolution', 'Bundler'],
    ['consumer.cts', '--module', 'CommonJS', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'],
  ]) {
    it(`are typed: ${file} ${module.join(' ')}`, async () => assert.deepEqual(await tsc(file, ...module), []));
  }

  it('load no framework, and are not loaded by netgiro itself', async () => {
    const source = `
      const loaded = () => Object.keys(require.cache).map((file) => file.replaceAll('\\\\', '/'));
      require('netgiro');
      const own = loaded().map((file) => file.split('/dist/').pop());
      for (const name of ['express', 'fastify', 'bullmq', 'testing']) require('netgiro/' + name);
      console.log(JSON.stringify([own, loaded().filter((file) => !file.includes('/netgiro/'))]));
    `;
    const { stdout } = await run(process.execPath, ['--eval', source], { cwd: here });
    const [own, foreign] = JSON.parse(stdout);
    assert.deepEqual(own.filter((file) => /^(integrations|webhook)\//.test(file)), []);
    assert.ok(own.includes('index.js'));
    assert.deepEqual(foreign, []);
  });

  it('say what is missing', async () => {
    const source = `
      const { Module } = require('node:module');
      const resolve = Module._resolveFilename;
      Module._resolveFilename = (name, ...rest) => {
        if (name === 'bullmq') throw Object.assign(new Error('not there'), { code: 'MODULE_NOT_FOUND' });
        return resolve(name, ...rest);
      };
      const { cartPollProcessor } = require('netgiro/bullmq');
      const client = { pollStep() {}, verifyCallback() {} };
      try { cartPollProcessor({ client, onSettled() {} }); } catch (error) { console.log(error.message); }
    `;
    const { stdout } = await run(process.execPath, ['--eval', source], { cwd: here });
    assert.match(stdout, /npm install bullmq/);
  });

  it('need nothing that is not asked for: peers are optional', () => {
    const manifest = JSON.parse(readFileSync(join(here, '../../../node_modules/netgiro/package.json'), 'utf8'));
    assert.equal(manifest.dependencies, undefined);
    for (const name of Object.keys(manifest.peerDependencies)) assert.equal(manifest.peerDependenciesMeta[name].optional, true, name);
  });

  it('are tested with packages that name no registry', () => {
    assert.doesNotMatch(readFileSync(join(here, '../../package-lock.json'), 'utf8'), /"resolved"/);
  });
});
