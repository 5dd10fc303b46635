'use strict';

const { Client, sign } = require('./client.cjs');
const { CartPoll } = require('./poll.cjs');
const { MemoryReplayGuard } = require('./replay.cjs');
const { Simulator } = require('./simulator.cjs');
const { classes } = require('./errors.cjs');

module.exports = {
  Client,
  CartPoll,
  MemoryReplayGuard,
  Simulator,
  sign,
  ...classes,
};
