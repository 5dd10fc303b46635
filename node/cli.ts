#!/usr/bin/env node
// The command `netgiro`: carried out by the compiled half, which hears of signals from here.

import { native } from './internal/native.js';

const INTERRUPTED = 130;

const command = new native.NativeCommand(process.argv.slice(2), [
  process.execPath,
  ...process.execArgv,
  __filename,
]);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait for an answer that is on its way.
    if (!command.interrupt()) process.exit(INTERRUPTED);
  });
}

void command.run().then((exit) => {
  process.exit(exit);
});
