'use strict';
// What happens after a callback's 200: CheckCart decides, and the shop's function is called once for each cart.

const { randomUUID } = require('node:crypto');
const { native, made, open } = require('./native.cjs');
const { cart: cartOf, types } = require('./arguments.cjs');
const { fromView } = require('./poll.cjs');

const { text } = types;

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

/** Takes each cart that was called back to its end, and the shop's function to its success, as the core decides. */
class FollowUps {
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
    const followUp = made(native.followUp(cartOf(cart)));
    const holder = randomUUID();
    // What is set right in the meantime is the clock of the machine, not this one.
    const began = performance.now();
    let standing = open(followUp.standing());
    while (standing.action !== 'end') {
      const outcome = await this.#outcome(standing, one, { followUp, callback, holder });
      standing = open(followUp.step(JSON.stringify(outcome), performance.now() - began));
    }
  }

  /** Does what the core asks for, and gives what came of it. */
  async #outcome({ action, delayMs }, one, { followUp, callback, holder }) {
    const { transactionId } = callback;
    const { signal } = this.#closing;
    try {
      if (action === 'wait') return (await this.#pause(one, delayMs)) ? 'done' : 'stopped';
      if (action === 'claim') return { claimed: (await this.#ledger.claim(transactionId, holder)) === true };
      const poll = fromView(open(followUp.poll()));
      if (action === 'check') return { checked: (await this.#client.pollStep(poll, { signal })).toJson() };
      if (action === 'call') await this.#settled(poll.state, callback);
      else await this.#ledger[action](transactionId, holder);
      return 'done';
    } catch (error) {
      if (signal.aborted && error === signal.reason) return 'stopped';
      this.#onError(error, { status: null, transactionId });
      // Not by its class: the client may be of another copy of this package.
      return { failed: { code: text.fits(error?.code) ? error.code : undefined } };
    }
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

module.exports = { FollowUps, MemoryLedger };
