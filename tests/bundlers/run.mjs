// Runs this folder's tests against the package as installed, beside the bundlers and hosts that shops are built and run with.
// `npm run build` (or build:debug) comes first.
//
//   node tests/bundlers/run.mjs [name of a test file …]
//
// NETGIRO_TARBALL names a tarball to test instead of packing one. What cannot be installed is skipped, and says so.

import { testInstalled } from '../installed.mjs';

testInstalled(import.meta.url, { concurrency: 1 });
