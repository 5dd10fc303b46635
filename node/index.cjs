'use strict';

const { Client, sign } = require('./client.cjs');
const { CartPoll } = require('./poll.cjs');
const { classes } = require('./errors.cjs');

module.exports = {
  Client,
  CartPoll,
  sign,
  ...classes,
};
