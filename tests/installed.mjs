// Installs the package as people do, beside what a folder's tests need, into an empty project, and runs them there: what
// is tested is what people install.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const QUIETLY = ['--ignore-scripts', '--no-audit', '--no-fund'];

/**
 * Runs the tests of a folder, those whose names hold a word of the command line, and exits as they do.
 * `variables(project, files)` gives what their environment holds beside this one's.
 */
export function testInstalled(folder, { concurrency, variables = () => ({}) }) {
  const here = dirname(fileURLToPath(folder));
  const project = mkdtempSync(join(tmpdir(), 'netgiro-consumer-'));
  try {
    const tarball = process.env.NETGIRO_TARBALL ? resolve(process.env.NETGIRO_TARBALL) : pack(project);
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(here, name), join(project, name));
    run(npm, ['ci', '--prefer-offline', ...QUIETLY], project);
    run(npm, ['install', '--no-save', '--prefer-offline', ...QUIETLY, tarball], project);
    cpSync(here, join(project, 'tests'), { recursive: true });
    const wanted = process.argv.slice(2);
    const files = readdirSync(here, { recursive: true })
      .filter((name) => name.endsWith('.test.mjs') && !name.includes('node_modules'))
      .sort()
      .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
      .map((name) => join('tests', name));
    const { status } = spawnSync(process.execPath, ['--test', `--test-concurrency=${concurrency}`, ...files], {
      cwd: project,
      stdio: 'inherit',
      env: { ...process.env, NETGIRO_ROOT: root, NETGIRO_TARBALL: tarball, ...variables(project, files) },
    });
    process.exitCode = status ?? 1;
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

/** Builds the addon with functions that panic; gives its folder, or nothing where there is no compiler. */
export function buildWithPanics(project) {
  if (spawnSync('cargo', ['--version']).status !== 0) return '';
  const folder = join(project, 'panics');
  run(npm, ['run', '--silent', 'build:panics', '--', '--output-dir', folder], root);
  return folder;
}

function pack(project) {
  const [{ filename }] = JSON.parse(run(npm, ['pack', '--json', '--pack-destination', project], root));
  return join(project, filename);
}

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`);
  return stdout;
}
