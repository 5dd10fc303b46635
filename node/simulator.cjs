'use strict';
// Simulator: a local Netgíró for tests, on a loopback port of this process.

const { inspect } = require('node:util');
const { classes } = require('./errors.cjs');
const { Client } = require('./client.cjs');
const { native, made, open } = require('./native.cjs');
const { asyncDispose } = require('./follow.cjs');
const { bytes, cart: cartOf, members, types } = require('./arguments.cjs');

const { anything, flag, number, text } = types;

const OPTIONS = {
  seed: number,
  port: number,
  appKey: text,
  secretKey: text,
  lifetimeMs: number,
  checkIntervalMs: number,
  decimals: number,
  responseSignatures: text,
  unknownCartCode: number,
  rejectRepeatedNonce: flag,
  minimumAmount: number,
  reactionMs: number,
  callbackRetryDelayMs: number,
  callbackTimeoutMs: number,
  history: number,
};

const FAULT = {
  status: number,
  delayMs: number,
  drop: text,
  resultCode: number,
  retryAfter: anything,
  body: anything,
  signature: text,
  confirmDuring: flag,
  processed: flag,
  count: number,
};

class Simulator {
  #native;

  constructor(started) {
    if (!(started instanceof native.NativeSimulator)) {
      throw new classes.InvalidRequestError('a simulator is started with "await Simulator.start({ … })"');
    }
    this.#native = started;
  }

  static async start(options = {}) {
    const given = members('Simulator.start', options, OPTIONS);
    // The one option that null means something for: the server gives no hint.
    given.noCheckInterval = options.checkIntervalMs === null;
    return new Simulator(made(native.startSimulator(given)));
  }

  get url() {
    return this.#native.url;
  }

  get appKey() {
    return this.#native.appKey;
  }

  get secretKey() {
    return this.#native.secretKey;
  }

  client(options = {}) {
    const { url: baseUrl, appKey, secretKey } = this;
    return new Client({ ...options, appKey, secretKey, baseUrl });
  }

  confirm(cart) {
    open(this.#native.confirm(idOf(cart)));
  }

  decline(cart) {
    open(this.#native.decline(idOf(cart)));
  }

  expire(cart) {
    open(this.#native.expire(idOf(cart)));
  }

  advance(ms) {
    if (!number.fits(ms)) throw new classes.InvalidRequestError('advance takes a number of milliseconds');
    open(this.#native.advance(ms));
  }

  now() {
    return this.#native.now();
  }

  carts() {
    return frozen(JSON.parse(this.#native.carts()));
  }

  cart(cart) {
    return Object.freeze(open(this.#native.cart(idOf(cart))));
  }

  requests() {
    return frozen(JSON.parse(this.#native.requests()));
  }

  callbacks() {
    return frozen(JSON.parse(this.#native.callbacks()));
  }

  addFault(endpoint, fault = {}) {
    const given = members('addFault', fault, FAULT);
    if (given.body !== undefined) given.body = bytes('addFault', given.body);
    if (given.retryAfter !== undefined) given.retryAfter = String(given.retryAfter);
    open(this.#native.addFault(String(endpoint), given));
  }

  clearFaults() {
    this.#native.clearFaults();
  }

  async close() {
    this.#native.close();
  }

  [asyncDispose]() {
    return this.close();
  }

  [inspect.custom](depth, options) {
    return `Simulator ${inspect({ url: this.url }, options)}`;
  }
}

function idOf(cart) {
  const given = cartOf(cart);
  if (typeof given === 'string') return given;
  return given.transactionId ?? cart.transactionId;
}

function frozen(list) {
  for (const entry of list) {
    if (entry.headers) Object.freeze(entry.headers);
    Object.freeze(entry);
  }
  return Object.freeze(list);
}

module.exports = { Simulator };
