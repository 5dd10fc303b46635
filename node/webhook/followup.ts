'use strict';
// What happens after a callback's 200: CheckCart decides, and the shop's function is called once for each cart.

const { randomUUID } = require('node:crypto');
const { native } = require('./native.cjs');
const { CartPoll, delay: delayOf } = require('./poll.cjs');

/** The payment is created by the 200, so it is there in a moment. */
const POLICY = { defaultIntervalMs: 1_000 };
/** How long Netgíró may fail to say how a cart ended. Its carts live for three minutes. */
const PATIENCE_MS = 3_600_000;
/** The first and the longest time between two attempts at what failed. */
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;

/** What ends a poll, by code: the client may be of another copy of this package, whose classes are others. */
const OVER = ['mismatch', 'wait_timeout'];

const DONE = Symbol('done');

/** Which carts the shop's function has been called for, and which it is being called for: in this process. */
class MemoryLedger {
  #carts = new Map();
  #capacity;

  constructor(capacity = 100_000) {
    this.#capacity = capacity;
  }

  claim(transactionId, holder) {
    if (!this.#carts.has(transactionId)) {
      this.#carts.set(transactionId, holder);
      if (this.#carts.size > this.#capacity) this.#carts.delete(this.#carts.keys().next().value);
    }
    return this.#carts.get(transactionId) === holder;
  }

  release(transactionId, holder) {
    if (this.#carts.get(transactionId) === holder) this.#carts.delete(transactionId);
  }

  done(transactionId) {
    this.#carts.set(transactionId, DONE);
  }
}

/** Takes each cart that was called back to its end, and the shop's function to its success. */
class Settling {
  #client;
  #settled;
  #ledger;
  #onError;
  #closing = new AbortController();
  /** By cart: what is under way, and how to hurry what waits for another attempt. */
  #underWay = new Map();

  constructor({ client, settled, ledger = new MemoryLedger(), onError }) {
    this.#client = client;
    this.#settled = settled;
    this.#ledger = ledger;
    this.#onError = onError;
  }

  /** Goes on with an accepted callback; returns at once. */
  start({ callback, cart }) {
    const { transactionId } = callback;
    if (this.#settled === undefined || this.#closing.signal.aborted) return;
    const already = this.#underWay.get(transactionId);
    if (already !== undefined) {
      already.hurry?.();
      return;
    }
    const one = { hurry: undefined, over: undefined };
    this.#underWay.set(transactionId, one);
    one.over = this.#follow(one, callback, cart).finally(() => this.#underWay.delete(transactionId));
  }

  /** Gives up what would have to be tried again, and waits for what is being done. */
  async close() {
    this.#closing.abort();
    const underWay = [...this.#underWay.values()];
    for (const { hurry } of underWay) hurry?.();
    await Promise.all(underWay.map(({ over }) => over));
  }

  async #follow(one, callback, cart) {
    const { transactionId } = callback;
    const holder = randomUUID();
    const poll = new CartPoll(cart, { timeoutMs: PATIENCE_MS, policy: POLICY });
    // What is set right in the meantime is the clock of the machine, not this one.
    const progress = { poll, wasCalled: false, patientUntil: performance.now() + PATIENCE_MS };
    for (let failures = 0; ; ) {
      let delay;
      try {
        delay = await this.#attempt(progress, callback, holder);
      } catch (error) {
        if (this.#closing.signal.aborted && error === this.#closing.signal.reason) {
          await this.#giveUp(transactionId, holder);
          return;
        }
        // Not until it succeeded is the cart done with.
        failures += 1;
        delay = native.backoff(FIRST_DELAY_MS, failures, LONGEST_DELAY_MS);
        this.#onError(error, { status: null, transactionId });
      }
      if (delay === null) return;
      if (!(await this.#pause(one, delay))) {
        await this.#giveUp(transactionId, holder);
        return;
      }
    }
  }

  /** Leaves a cart to other processes. */
  async #giveUp(transactionId, holder) {
    try {
      await this.#ledger.release(transactionId, holder);
    } catch (error) {
      this.#onError(error, { status: null, transactionId });
    }
  }

  /** Goes on as far as possible; gives how long to wait for the next attempt, or null at the end. */
  async #attempt(progress, callback, holder) {
    const { transactionId } = callback;
    if ((await this.#ledger.claim(transactionId, holder)) !== true) return null;
    const delay = await this.#ask(progress, transactionId);
    if (delay !== null) return delay;
    const { state, isDone } = progress.poll;
    if (!isDone || !state.isFinal) {
      // It is the shop's move, or a person's: a later callback may tell more.
      await this.#ledger.release(transactionId, holder);
      return null;
    }
    if (!progress.wasCalled) {
      await this.#settled(state, callback);
      progress.wasCalled = true;
    }
    await this.#ledger.done(transactionId, holder);
    return null;
  }

  /** Asks where the cart stands; gives how long until it is to be asked again, or null. */
  async #ask(progress, transactionId) {
    if (progress.poll.isDone) return null;
    try {
      progress.poll = await this.#client.pollStep(progress.poll, { signal: this.#closing.signal });
    } catch (error) {
      if (!OVER.includes(error?.code) && performance.now() < progress.patientUntil) throw error;
      this.#onError(error, { status: null, transactionId });
      return null;
    }
    return progress.poll.isDone ? null : delayOf(progress.poll);
  }

  /** Waits, and is not what keeps the process running; false when everything is being closed. */
  async #pause(one, ms) {
    const { signal } = this.#closing;
    if (signal.aborted) return false;
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      one.hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    one.hurry = undefined;
    return !signal.aborted;
  }
}

module.exports = { MemoryLedger, Settling };
