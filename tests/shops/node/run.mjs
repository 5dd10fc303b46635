// Runs this folder's tests against the package as installed, beside the frameworks it is made for. `npm run build` (or
// build:debug) comes first.
//
//   node tests/shops/node/run.mjs [name of a test file …]
//
// NETGIRO_TARBALL names a tarball to test instead of packing one; NETGIRO_TEST_REDIS a Redis, without which the tests of
// queues are skipped.

import { testInstalled } from '../../installed.mjs';

testInstalled(import.meta.url, { concurrency: 1 });
