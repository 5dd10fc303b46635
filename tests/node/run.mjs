// Runs this folder's tests against the package as installed. `npm run build` (or build:debug) comes first.
//
//   node tests/node/run.mjs [name of a test file …]
//
// NETGIRO_TARBALL names a tarball to test instead of packing one.

import { buildWithPanics, testInstalled } from '../installed.mjs';

testInstalled(import.meta.url, {
  concurrency: 2,
  variables: (project, files) => ({
    NETGIRO_PANICS: files.some((file) => file.includes('panics')) ? buildWithPanics(project) : '',
  }),
});
