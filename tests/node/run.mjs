// Packs the package as it would be published, installs the tarball into an empty project, and runs this folder's tests
// there: what is tested is what people install. `npm run build` (or build:debug) comes first.
//
//   node tests/node/run.mjs [name of a test file …]
//
// NETGIRO_TARBALL names a tarball to test instead of packing one.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const project = mkdtempSync(join(tmpdir(), 'netgiro-consumer-'));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

try {
  process.exitCode = main(process.argv.slice(2));
} finally {
  rmSync(project, { recursive: true, force: true });
}

function main(wanted) {
  const tarball = process.env.NETGIRO_TARBALL ? resolve(process.env.NETGIRO_TARBALL) : pack();
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  run(npm, ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball], project);
  const tests = join(project, 'tests');
  cpSync(here, tests, { recursive: true });
  const files = readdirSync(tests)
    .filter((name) => name.endsWith('.test.mjs'))
    .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
    .map((name) => join('tests', name));
  const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=2', ...files], {
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
