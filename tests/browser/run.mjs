// Runs this folder's tests: `node tests/browser/run.mjs [part of a file's name …]`. They need
//
//   NETGIRO_TARBALL        the npm package
//   NETGIRO_PYTHON         an interpreter with the wheel, and what the shops' requirements.txt name
//   NETGIRO_TEST_CHROMIUM  Chromium, for those in a browser
//
// and skip, with a sentence, what they cannot run. With NETGIRO_SCREENSHOTS=1 they write docs/images/ anew.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const wanted = process.argv.slice(2)

function run(program, ...args) {
  const { status } = spawnSync(program, args, { cwd: here, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

run('npm', 'ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--silent')
const files = readdirSync(here)
  .filter((name) => name.endsWith('.test.mjs'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
run(process.execPath, '--test', '--test-concurrency=1', ...files)
