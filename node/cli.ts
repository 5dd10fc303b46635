#!/usr/bin/env node
'use strict';
// The command `netgiro`: carried out by the compiled half, which hears of signals from here.

const { native } = require('./native.cjs');

const INTERRUPTED = 130;

const command = new native.NativeCommand(process.argv.slice(2));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait for an answer that is on its way.
    if (!command.interrupt()) process.exit(INTERRUPTED);
  });
}

command.run().then((exit) => {
  process.exit(exit);
});
