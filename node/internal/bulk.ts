'use strict';
// Bulk checks: their options, and what comes of them. All results in order, each as it comes, and what is done when they
// are aborted.

const results = require('./results.cjs');
const { AsyncResource } = require('node:async_hooks');
const poll = require('./poll.cjs');
const { classes, fromFacts } = require('./errors.cjs');
const { begin } = require('./native.cjs');
const { jsonText, kindOf, members, types } = require('./arguments.cjs');

const { InvalidRequestError } = classes;
const { fn, number, signal: aSignal } = types;

const earlier = {
  wanted: 'an array of earlier results',
  fits: (value) => typeof value?.[Symbol.iterator] === 'function' && typeof value !== 'string',
};

/** The options that bulk calls have in common. */
const BULK = { concurrency: number, rate: number, resume: earlier, onProgress: fn, signal: aSignal };

/** The options of `checkMany`, and how the compiled half takes them. */
function checkOptions(where, given) {
  const options = members(where, given, { ...BULK, retryForMs: number });
  options.bulk = bulk(where, options);
  return options;
}

function bulk(where, { concurrency, rate, retryForMs, resume }) {
  return { __proto__: null, concurrency, rate, retryForMs, resume: resume && known(where, resume) };
}

/** What earlier results know, as JSON: states, and the polls of waits that were cut short. */
function known(where, resume) {
  const all = Array.from(resume, (result, at) => {
    const { state, error } = result ?? {};
    if (state) return { state };
    // A string has no state, either, and an entry of a Map none and no error.
    if (typeof error !== 'object' || error === null) {
      throw new InvalidRequestError(`${where}: resume[${at}] must be an earlier result; got ${kindOf(result)}`);
    }
    return { poll: error.poll && poll.token(error.poll) };
  });
  return jsonText(`${where}: resume`, all);
}

/** Checks under way: a list that is being filled, and those who wait for more of it. */
class Checks {
  /** By the place of the cart. */
  #places = [];
  /** The places, in the order the results came. */
  #order = [];
  #total;
  #settled = false;
  #failure;
  #waiting = [];
  #control = {};
  #onProgress;

  constructor(total, onProgress) {
    this.#total = total;
    // What is told comes from wherever the compiled half has got to, and belongs to whoever made the call.
    this.#onProgress = onProgress && AsyncResource.bind(onProgress);
  }

  async run(signal, start) {
    try {
      const outcome = await begin(signal, (event) => this.#take(event), start, this.#control);
      if (outcome.facts) throw fromFacts(outcome.facts);
      if (outcome.stopped) throw new DOMException('The checks were stopped', 'AbortError');
      this.#end();
      return this.results();
    } catch (error) {
      this.#failure = { error };
      this.#end();
      throw error;
    }
  }

  #take([done, total, at, view]) {
    this.#places[at] = results.checkResult(view);
    this.#order.push(at);
    this.#wake();
    this.#onProgress?.(done, total);
  }

  #end() {
    this.#settled = true;
    this.#wake();
  }

  #wake() {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** What is done, in order. */
  results() {
    const done = this.#order.length === this.#total ? this.#places : this.#places.filter(() => true);
    return results.checkResults(done.slice(), this.#total);
  }

  async *each() {
    let taken = 0;
    try {
      for (;;) {
        while (taken < this.#order.length) {
          taken += 1;
          yield this.#places[this.#order[taken - 1]];
        }
        if (this.#settled) break;
        await new Promise((resolve) => this.#waiting.push(resolve));
      }
      if (this.#failure) throw this.#failure.error;
    } finally {
      // Who stops taking results, as `break` does, wants no more of them.
      if (!this.#settled) this.#control.stop?.();
    }
  }
}

/**
 * A promise of all results in order, which is an async iterable of each as it comes as well, and has what is done so far.
 * `start(port, number)` starts the checks, or throws.
 */
function checking(total, { onProgress, signal }, start) {
  const checks = new Checks(total, onProgress);
  const promise = checks.run(signal, start);
  return Object.defineProperties(promise, {
    results: { get: () => checks.results() },
    [Symbol.asyncIterator]: {
      value: () => {
        // The loop is told of the failure: nobody need wait for the promise.
        promise.catch(() => {});
        return checks.each();
      },
    },
  });
}

module.exports = { BULK, bulk, checking, checkOptions };
