// Other runtimes than the one that runs the tests, each from its npm package. They are kept in `.work/runtimes`, where the
// next run finds them.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { root } from './harness.mjs';

const run = promisify(execFile);

/** Where the programs are that tests run, and how long one may take. */
export const options = { cwd: fileURLToPath(new URL('programs/', import.meta.url)), timeout: 120_000 };

/** The program of a runtime such as `node@22`, installed if it is not there yet. */
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

/** The program of a runtime and its version; a test whose runtime cannot be installed is skipped, and says why. */
export async function runtime(t, name) {
  try {
    const path = await install(name);
    const { stdout } = await run(path, ['--version'], options);
    return { path, version: stdout };
  } catch (error) {
    t.skip(`${name} cannot be installed and started here: ${String(error.stderr || error.message).trim().split('\n').at(-1)}`);
    return null;
  }
}
