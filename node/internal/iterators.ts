'use strict';
// The async iterables: one cart's changes, and many carts as they settle.

const { AsyncResource } = require('node:async_hooks');
const results = require('./results.cjs');
const { fromFacts } = require('./errors.cjs');
const { begin } = require('./native.cjs');

const asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** Ends for good: by itself, by an error, by the caller's signal, or by `return()`, which stops the polling. */
class Following {
  [Symbol.asyncIterator]() {
    return this;
  }

  [asyncDispose]() {
    return this.return().then(() => undefined);
  }
}

/** The changes of one cart: polls while a change is asked for. */
class Changes extends Following {
  #watch;
  #signal;
  #ended = false;
  #underWay = new Set();

  constructor(watch, signal) {
    super();
    this.#watch = watch;
    this.#signal = signal;
  }

  async next() {
    if (this.#ended) return { done: true, value: undefined };
    const control = {};
    this.#underWay.add(control);
    try {
      const start = (port, number) => this.#watch.next(port, number);
      const outcome = await begin(this.#signal, undefined, start, control);
      if (outcome.facts) throw fromFacts(outcome.facts);
      if (outcome.value) return { done: false, value: results.state(outcome.value) };
      this.#ended = true;
      return { done: true, value: undefined };
    } catch (error) {
      this.#ended = true;
      throw error;
    } finally {
      this.#underWay.delete(control);
    }
  }

  async return(value) {
    this.#ended = true;
    for (const control of this.#underWay) control.stop?.();
    return { done: true, value };
  }
}

/** Many carts as they settle: all are polled from the first `next()` on, however slowly the results are taken. */
class Settling extends Following {
  #start;
  #signal;
  #onProgress;
  #control = {};
  #started = false;
  #ended = false;
  #failure;
  /** Results nobody has asked for yet, those before `#taken` aside. */
  #ready = [];
  #taken = 0;
  /** Calls of `next()` that have no result yet. */
  #waiting = [];

  constructor(start, signal, onProgress) {
    super();
    this.#start = start;
    this.#signal = signal;
    this.#onProgress = onProgress && AsyncResource.bind(onProgress);
  }

  async next() {
    if (!this.#started) {
      this.#started = true;
      this.#run();
    }
    if (this.#taken < this.#ready.length) return { done: false, value: this.#take() };
    const outcome = this.#ended ? this.#end() : await new Promise((resolve) => this.#waiting.push(resolve));
    if (outcome.failure) throw outcome.failure.error;
    return outcome.done ? { done: true, value: undefined } : { done: false, value: outcome.value };
  }

  async return(value) {
    this.#finish(undefined);
    this.#started = true;
    this.#control.stop?.();
    return { done: true, value };
  }

  async #run() {
    try {
      const onEvent = (event) => this.#settled(event);
      const outcome = await begin(this.#signal, onEvent, this.#start, this.#control);
      if (outcome.facts) throw fromFacts(outcome.facts);
      this.#ended = true;
      for (const resolve of this.#waiting.splice(0)) resolve(this.#end());
    } catch (error) {
      this.#finish({ error });
    }
  }

  #settled([done, total, result]) {
    const value = results.checkResult(result);
    const resolve = this.#waiting.shift();
    if (resolve) resolve({ value });
    else this.#ready.push(value);
    this.#onProgress?.(done, total);
  }

  #take() {
    const value = this.#ready[this.#taken];
    this.#taken += 1;
    if (this.#taken === this.#ready.length) {
      this.#ready = [];
      this.#taken = 0;
    }
    return value;
  }

  /** Ends at once: what is ready is not given any more. */
  #finish(failure) {
    this.#ended = true;
    this.#failure ??= failure;
    this.#ready = [];
    this.#taken = 0;
    for (const resolve of this.#waiting.splice(0)) resolve(this.#end());
  }

  /** The failure, told once; then the end. */
  #end() {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure ? { failure } : { done: true };
  }
}

module.exports = { asyncDispose, Changes, Settling };
