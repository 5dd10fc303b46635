'use strict';
// Simulator: a local Netgíró for tests, on a loopback port of this process.

const { inspect } = require('node:util');
const { classes } = require('./errors.cjs');
const { Client } = require('./client.cjs');
const { CartPoll } = require('./poll.cjs');
const { native, made, open } = require('./native.cjs');
const { asyncDispose } = require('./follow.cjs');
const {
  bytes,
  cart: cartOf,
  jsonText,
  members,
  nullable,
  required,
  simulatedClientOptions,
  types,
} = require('./arguments.cjs');

const { anything, flag, number, plain, text, textOrNumber, texts, whole } = types;

const certificate = {
  wanted: 'true, false, or { certificate, key }, both as PEM',
  fits: (value) => flag.fits(value) || plain.fits(value),
};
const CERTIFICATE = { certificate: required(text), key: required(text) };

const OPTIONS = {
  seed: number,
  port: number,
  appKey: text,
  secretKey: text,
  lifetimeMs: number,
  // The one option that null means something for: the server gives no hint.
  checkIntervalMs: nullable(number),
  decimals: number,
  responseSignatures: text,
  unknownCartCode: number,
  rejectRepeatedNonce: flag,
  minimumAmount: number,
  reactionMs: number,
  callbackRetryDelayMs: number,
  callbackTimeoutMs: number,
  history: number,
  latencyMs: number,
  publicUrl: text,
  shop: text,
  tls: certificate,
  callbackHosts: texts,
  settlementCost: number,
  requireConfirmationType: flag,
  requireJsonNumbers: flag,
  omitPaymentInfo: flag,
  staleReads: number,
};

const FAULT = {
  count: whole,
  refuseMs: whole,
  confirmDuring: flag,
  processed: flag,
  delayMs: whole,
  drop: text,
  dropBy: text,
  status: whole,
  resultCode: whole,
  retryAfter: textOrNumber,
  headers: plain,
  headerBytes: whole,
  body: anything,
  bodyAs: text,
  padding: whole,
  dripMs: whole,
  signature: text,
};

const STORM = { seed: number, failureRate: number, reactionMs: number };

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
    given.noCheckInterval = given.checkIntervalMs === null;
    if (given.noCheckInterval) delete given.checkIntervalMs;
    if (plain.fits(given.tls)) given.tls = members('Simulator.start: tls', given.tls, CERTIFICATE);
    return new Simulator(made(native.startSimulator(given)));
  }

  get url() {
    return this.#native.url;
  }

  get pageUrl() {
    return this.#native.pageUrl;
  }

  get localUrl() {
    return this.#native.localUrl;
  }

  get caFile() {
    return this.#native.caFile ?? null;
  }

  get appKey() {
    return this.#native.appKey;
  }

  get secretKey() {
    return this.#native.secretKey;
  }

  client(options = {}) {
    const { url: baseUrl, appKey, secretKey } = this;
    const given = simulatedClientOptions(options);
    return new Client({ ...given, appKey, secretKey, baseUrl, caFile: given.caFile ?? this.caFile });
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

  withhold(cart) {
    open(this.#native.withhold(idOf(cart)));
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
    if (!text.fits(endpoint)) throw new classes.InvalidRequestError('addFault takes the name of an endpoint, or "*"');
    const { body } = given;
    delete given.body;
    if (given.retryAfter !== undefined) given.retryAfter = String(given.retryAfter);
    const json = { endpoint };
    for (const [name, member] of Object.entries(given)) json[snakeCase(name)] = member;
    open(this.#native.addFault(jsonText('the fault', json), body === undefined ? undefined : bytes('addFault', body)));
  }

  storm(options = {}) {
    open(this.#native.storm(members('storm', options, STORM)));
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

function snakeCase(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function idOf(cart) {
  const given = cartOf(cart);
  if (typeof given === 'string') return given;
  return given.poll === undefined ? given.transactionId : CartPoll.fromJson(given.poll).transactionId;
}

function frozen(list) {
  for (const entry of list) {
    if (entry.headers) Object.freeze(entry.headers);
    Object.freeze(entry);
  }
  return Object.freeze(list);
}

module.exports = { OPTIONS, Simulator };
