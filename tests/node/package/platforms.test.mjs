// Where the compiled half is missing or of another platform, the error says which platforms there are and what to do.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

const installed = dirname(createRequire(import.meta.url).resolve('netgiro/package.json'));
const addon = readdirSync(join(installed, 'node')).find((name) => name.endsWith('.node'));
const suffix = addon?.slice('netgiro.'.length, -'.node'.length);

let project;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'netgiro-platforms-'));
  const filter = (path) => !path.endsWith('.node') && !path.includes('node_modules/netgiro/node_modules');
  cpSync(installed, join(project, 'node_modules/netgiro'), { recursive: true, filter });
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

/** Installs a package with an addon, or what passes for one. */
function install(name, bytes) {
  const folder = join(project, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '0.0.0', main: 'netgiro.node' }));
  if (typeof bytes === 'string') cpSync(bytes, join(folder, 'netgiro.node'));
  else writeFileSync(join(folder, 'netgiro.node'), bytes);
}

function load(before = '') {
  const code = `${before}; const { Client } = require('netgiro'); console.log(typeof Client)`;
  return spawnSync(process.execPath, ['-e', code], { cwd: project, encoding: 'utf8' });
}

function said(before) {
  const { status, stderr } = load(before);
  assert.equal(status, 1, stderr);
  return stderr;
}

describe('the compiled half', { skip: addon === undefined && 'its package is one of its own here' }, () => {
  it('is found in a package of its own', () => {
    install(`netgiro-${suffix}`, join(installed, 'node', addon));
    const { status, stdout, stderr } = load();
    assert.equal(status, 0, stderr);
    assert.equal(stdout, 'function\n');
  });

  it('of another platform is refused, and the error says what to do', () => {
    // The beginning of a file for macOS.
    install(`netgiro-${suffix}`, Buffer.concat([Buffer.from('cffaedfe', 'hex'), Buffer.alloc(4096)]));
    assert.match(said(), /this system refuses netgiro-.*Install again on the platform.*npm ci.*It is published for Linux.*Elsewhere, build it/);
  });
});

it('says how to install a platform’s package that is missing', () => {
  assert.match(
    said(),
    /cannot load its compiled half: netgiro-\S+.* is not installed in .*optional dependency.*--omit=optional.*npm ci.*published for Linux \(glibc 2\.17 or musl 1\.2, and later\), macOS and Windows/,
  );
});

it('says which platforms there are on one without a package', () => {
  const elsewhere = said(`Object.defineProperty(process, 'platform', { value: 'sunos' })`);
  assert.match(elsewhere, /there is none for sunos-.*It is published for Linux.*Elsewhere, build it from its source: see "Other platforms", docs\/frameworks\/bundlers\.md/);
  assert.doesNotMatch(elsewhere, /npm run build/);
});
