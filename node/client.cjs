'use strict';
// Client: each method converts its arguments, calls the compiled half, and freezes what comes back.

const { AsyncResource } = require('node:async_hooks');
const { inspect } = require('node:util');
const { isDate } = require('node:util/types');
const results = require('./results.cjs');
const poll = require('./poll.cjs');
const { native, call, open, made } = require('./native.cjs');
const { BULK, bulk, checking, checkOptions } = require('./bulk.cjs');
const { asyncDispose, Changes, Settling } = require('./follow.cjs');
const {
  bytes,
  callbackParts,
  cart: cartOf,
  carts: cartsOf,
  clientOptions,
  kindOf,
  members,
  newCart,
  required,
  types,
  waitOptions,
} = require('./arguments.cjs');

const { InvalidRequestError } = require('./errors.cjs').classes;

const { fn, signal: aSignal, text } = types;

const day = { wanted: 'a Date or a day such as "2026-01-31"', fits: (value) => text.fits(value) || isDate(value) };
const DAYS = { dateFrom: required(day), dateTo: required(day), settlementNumber: text };

/** Lets `fromEnv`, and no caller, make a client around a native one. */
const FROM_NATIVE = Symbol('from native');

/** Said once, however many clients and waits there are. */
let hasWarnedOfSeconds = false;

class Client {
  #native;

  constructor(options, of) {
    if (options === FROM_NATIVE) {
      this.#native = of;
      return;
    }
    const given = clientOptions(options);
    this.#native = made(native.makeClient(given));
    this.#warnOfSeconds('Client', given.timeoutMs);
  }

  /** Who gives a call to another machine less than a second has most likely given it seconds. 0 is a wait of one check. */
  #warnOfSeconds(where, timeoutMs) {
    const isFar = !this.#native.isLoopback;
    if (hasWarnedOfSeconds || !isFar || !(timeoutMs > 0 && timeoutMs < 1_000)) return;
    hasWarnedOfSeconds = true;
    const message = `${where}: timeoutMs is ${timeoutMs} milliseconds, which is less than a second: were seconds meant?`;
    process.emitWarning(message, { type: 'NetgiroWarning' });
  }

  static fromEnv() {
    return new Client(FROM_NATIVE, made(native.makeClientFromEnv((name) => process.env[name])));
  }

  get baseUrl() {
    return this.#native.baseUrl;
  }

  async insertCart(cart, options = {}) {
    const given = newCart(cart);
    const { signal } = members('insertCart', options, { signal: aSignal });
    return Object.freeze(await call(signal, undefined, (port, n) => this.#native.insertCart(port, n, given)));
  }

  async checkCart(cart, options = {}) {
    const given = cartOf(cart);
    const { signal } = members('checkCart', options, { signal: aSignal });
    return results.state(await call(signal, undefined, (port, n) => this.#native.checkCart(port, n, given)));
  }

  async cancelCart(cart, options = {}) {
    const given = cartOf(cart);
    const { signal } = members('cancelCart', options, { signal: aSignal });
    return results.state(await call(signal, undefined, (port, n) => this.#native.cancelCart(port, n, given)));
  }

  async confirmCart(cart, options = {}) {
    const given = cartOf(cart);
    const { identifier, signal } = members('confirmCart', options, { identifier: text, signal: aSignal });
    return results.state(
      await call(signal, undefined, (port, n) => this.#native.confirmCart(port, n, given, identifier)),
    );
  }

  async waitForCart(cart, options = {}) {
    return await this.#wait('waitForCart', cart, options, false);
  }

  async settleCart(cart, options = {}) {
    return await this.#wait('settleCart', cart, options, true);
  }

  async #wait(where, cart, options, settle) {
    const given = cartOf(cart);
    const { wait, onUpdate, signal } = waitOptions(where, options, { onUpdate: fn, signal: aSignal });
    this.#warnOfSeconds(where, wait.timeoutMs);
    // It is told of changes where the wait was asked for, and not wherever the compiled half happens to be.
    const onEvent = onUpdate && AsyncResource.bind((state) => onUpdate(results.state(state)));
    return results.state(
      await call(signal, onEvent, (port, n) => this.#native.waitForCart(port, n, given, wait, settle)),
    );
  }

  watchCart(cart, options = {}) {
    const { wait, signal } = waitOptions('watchCart', options, { signal: aSignal });
    this.#warnOfSeconds('watchCart', wait.timeoutMs);
    return new Changes(made(this.#native.watchCart(cartOf(cart), wait)), signal);
  }

  checkMany(carts, options = {}) {
    let given;
    let taken;
    try {
      given = cartsOf('checkMany', carts);
      taken = checkOptions('checkMany', options);
    } catch (error) {
      return checking(0, { onProgress: undefined, signal: undefined }, () => {
        throw error;
      });
    }
    return checking(given.length, taken, (port, n) => this.#native.checkMany(port, n, given, taken.bulk));
  }

  waitMany(carts, options = {}) {
    const taken = waitOptions('waitMany', options, BULK);
    const given = cartsOf('waitMany', carts);
    const { wait, onProgress, signal } = taken;
    this.#warnOfSeconds('waitMany', wait.timeoutMs);
    const waiting = made(this.#native.waitMany(given, wait, bulk('waitMany', taken)));
    return new Settling((port, n) => waiting.run(port, n), signal, onProgress);
  }

  async settlements(days, options = {}) {
    const { dateFrom, dateTo, settlementNumber } = members('settlements', days, DAYS);
    const { signal } = members('settlements', options, { signal: aSignal });
    const [from, to] = [dateFrom, dateTo].map((each) => (typeof each === 'string' ? each : isoText(each)));
    return frozen(
      await call(signal, undefined, (port, n) => this.#native.settlements(port, n, from, to, settlementNumber)),
    );
  }

  async settlementItems(number, options = {}) {
    members('settlementItems', { number }, { number: required(text) });
    const { signal } = members('settlementItems', options, { signal: aSignal });
    return frozen(await call(signal, undefined, (port, n) => this.#native.settlementItems(port, n, number)));
  }

  async pollStep(given, options = {}) {
    const token = poll.token(given);
    const { signal } = members('pollStep', options, { signal: aSignal });
    return poll.fromView(await call(signal, undefined, (port, n) => this.#native.pollStep(port, n, token)));
  }

  verifyCallback(given) {
    const parts = callbackParts('verifyCallback', given);
    const callback = this.#verified(parts);
    if (parts.replayGuard) accept(callback, 'verifyCallback', parts.replayGuard.isFirst(...results.replayKey(callback)));
    return callback;
  }

  async verifyCallbackOnce(given) {
    const parts = callbackParts('verifyCallbackOnce', given);
    const callback = this.#verified(parts);
    accept(callback, 'verifyCallbackOnce', await parts.replayGuard.isFirst(...results.replayKey(callback)));
    return callback;
  }

  #verified({ url, headers, body }) {
    return results.callback(...open(this.#native.verifiedCallback(url, headers, body)));
  }

  async close() {
    this.#native.close();
  }

  [asyncDispose]() {
    return this.close();
  }

  [inspect.custom](depth, options) {
    return `Client ${inspect({ baseUrl: this.baseUrl }, options)}`;
  }
}

/** Refuses a callback unless its guard says true; what is merely truthy, as a promise is, lets nothing in. */
function accept({ referenceId }, where, isFirst) {
  if (isFirst === true) return;
  if (isFirst !== false) {
    const hint = typeof isFirst?.then === 'function' ? ': a guard that has to wait goes with verifyCallbackOnce' : '';
    if (hint) Promise.resolve(isFirst).catch(() => {});
    throw new InvalidRequestError(`${where}: replayGuard.isFirst must give true or false; got ${kindOf(isFirst)}${hint}`);
  }
  open(native.callbackReplayed(referenceId));
}

/** A Date's text; that of an invalid one is refused where days are read. */
function isoText(date) {
  return Number.isNaN(date.getTime()) ? String(date) : date.toISOString();
}

function frozen(records) {
  return Object.freeze(records.map(Object.freeze));
}

function sign(secretKey, nonce, url, body) {
  const given = members('sign', { secretKey, nonce, url }, { secretKey: text, nonce: text, url: text });
  return native.sign(given.secretKey ?? '', given.nonce ?? '', given.url ?? '', bytes('sign', body));
}

module.exports = { Client, sign };
