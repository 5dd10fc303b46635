// Reports the public surface of the Node package, one file for each entry point, into node/api: what a change of the package
// means for those who use it shows there in review. `npm run api` writes the reports; with `--check` they must be as they are.

import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENTRIES = {
  netgiro: 'index',
  express: 'integrations/express',
  fastify: 'integrations/fastify',
  bullmq: 'integrations/bullmq',
  testing: 'integrations/testing',
  // No entry point: the options that Express's route and Fastify's have in common.
  callbacks: 'webhook/options',
};
const SILENT = { logLevel: 'none' };

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const check = process.argv.includes('--check');
mkdirSync(join(root, 'target/api'), { recursive: true });

function configuration([name, entry]) {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: `<projectFolder>/node/dist/${entry}.d.ts`,
      newlineKind: 'lf',
      compiler: { tsconfigFilePath: '<projectFolder>/tsconfig.json' },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: '<projectFolder>/node/api/',
        reportTempFolder: '<projectFolder>/target/api/',
        // What public types are made of, though it has no name outside; the others name what the first exports.
        includeForgottenExports: name === 'netgiro',
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'warning' } },
        extractorMessageReporting: {
          default: { logLevel: 'warning', addToApiReportFile: true },
          'ae-forgotten-export': SILENT,
          // Everything is public that is exported, and is not marked.
          'ae-missing-release-tag': SILENT,
          'ae-undocumented': { logLevel: 'warning' },
          // Its links lead from one entry point to another.
          'ae-unresolved-link': SILENT,
        },
        tsdocMessageReporting: { default: { logLevel: 'warning', addToApiReportFile: true } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  });
}

function report(config) {
  const { succeeded, apiReportChanged } = Extractor.invoke(config, {
    localBuild: !check,
    compilerState,
    messageCallback: (message) => {
      // Said below, in one line.
      if (message.messageId === 'console-api-report-not-copied') message.handled = true;
      if (message.logLevel === 'info') message.handled = true;
    },
  });
  if (check && apiReportChanged) console.log(`${config.reportFilePath} is not what the package exports: see what "npm run api" makes of it`);
  return succeeded;
}

const configurations = Object.entries(ENTRIES).map(configuration);
const additionalEntryPoints = configurations.map((config) => config.mainEntryPointFilePath);
const compilerState = CompilerState.create(configurations[0], { additionalEntryPoints });
if (!configurations.map(report).every(Boolean)) process.exitCode = 1;
