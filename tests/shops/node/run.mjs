// Installs the package as people do, beside the frameworks it is made for, into an empty project, and runs this folder's
// tests there. `npm run build` (or build:debug) comes first.
//
//   node tests/shops/node/run.mjs [name of a test file …]
//
// NETGIRO_TARBALL names a tarball to test instead of packing one; NETGIRO_TEST_REDIS a Redis, without which the tests of
// queues are skipped.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../../..');
const project = mkdtempSync(join(tmpdir(), 'netgiro-shop-'));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

const QUIETLY = ['--ignore-scripts', '--no-audit', '--no-fund'];

try {
  process.exitCode = main(process.argv.slice(2));
} finally {
  rmSync(project, { recursive: true, force: true });
}

function main(wanted) {
  const tarball = process.env.NETGIRO_TARBALL ? resolve(process.env.NETGIRO_TARBALL) : pack();
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(here, name), join(project, name));
  run(npm, ['ci', '--prefer-offline', ...QUIETLY], project);
  run(npm, ['install', '--no-save', '--prefer-offline', ...QUIETLY, tarball], project);
  const tests = join(project, 'tests');
  cpSync(here, tests, { recursive: true });
  const files = readdirSync(tests)
    .filter((name) => name.endsWith('.test.mjs'))
    .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
    .map((name) => join('tests', name));
  const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=1', ...files], {
    cwd: project,
    stdio: 'inherit',
    env: { ...process.env, NETGIRO_ROOT: root, NETGIRO_TARBALL: tarball },
  });
  return status ?? 1;
}

function pack() {
  const [{ filename }] = JSON.parse(run(npm, ['pack', '--json', '--pack-destination', project], root));
  return join(project, filename);
}

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`);
  return stdout;
}
