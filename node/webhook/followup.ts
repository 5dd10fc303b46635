// What happens after a callback's 200: CheckCart decides, and the shop's function is called once for each cart.

import { randomUUID } from 'node:crypto';
import type { Client } from '../client.js';
import { native } from '../internal/native.js';
import { CartPoll, delay as delayOf } from '../poll.js';
import type { Callback } from '../values.js';
import type { CallbackLedger, CallbackOptions, CallbackProblem, SettledCartState } from './options.js';

/** The payment is created by the 200, so it is there in a moment. */
const POLICY = { defaultIntervalMs: 1_000 };
/** How long Netgíró may fail to say how a cart ended. Its carts live for three minutes. */
const PATIENCE_MS = 3_600_000;
/** The first and the longest time between two attempts at what failed. */
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;

/** What ends a poll, by code: the client may be of another copy of this package, whose classes are others. */
const OVER: unknown[] = ['mismatch', 'wait_timeout'];

const DONE = Symbol('done');

/** Which carts the shop's function has been called for, and which it is being called for: in this process. */
export class MemoryLedger implements CallbackLedger {
  #carts = new Map<string, string | typeof DONE>();
  #capacity: number;

  constructor(capacity = 100_000) {
    this.#capacity = capacity;
  }

  claim(transactionId: string, holder: string): boolean {
    if (!this.#carts.has(transactionId)) {
      this.#carts.set(transactionId, holder);
      const [oldest] = this.#carts.keys();
      if (this.#carts.size > this.#capacity && oldest !== undefined) this.#carts.delete(oldest);
    }
    return this.#carts.get(transactionId) === holder;
  }

  release(transactionId: string, holder: string): void {
    if (this.#carts.get(transactionId) === holder) this.#carts.delete(transactionId);
  }

  done(transactionId: string): void {
    this.#carts.set(transactionId, DONE);
  }
}

/** A callback that was accepted, and the cart that CheckCart is to be asked about. */
export interface Accepted {
  readonly callback: Callback;
  readonly cart: { transactionId: string; amount: number | null; reference: string | null };
}

/** A cart that is under way, and how to hurry it where it waits for another attempt. */
interface InFlight {
  hurry: (() => void) | undefined;
  over: Promise<void>;
}

/** How far a cart has got. */
interface Progress {
  poll: CartPoll;
  wasCalled: boolean;
  readonly patientUntil: number;
}

interface Given {
  client: Client;
  settled: CallbackOptions<unknown>['settled'];
  ledger: CallbackLedger | null | undefined;
  onError: (error: unknown, about: CallbackProblem) => void;
}

/** Takes each cart that was called back to its end, and the shop's function to its success. */
export class Followup {
  #client: Client;
  #settled: CallbackOptions<unknown>['settled'];
  #ledger: CallbackLedger;
  #onError: (error: unknown, about: CallbackProblem) => void;
  #closing = new AbortController();
  #inFlight = new Map<string, InFlight>();

  constructor({ client, settled, ledger, onError }: Given) {
    this.#client = client;
    this.#settled = settled;
    this.#ledger = ledger ?? new MemoryLedger();
    this.#onError = onError;
  }

  /** Goes on with an accepted callback; returns at once. */
  start({ callback, cart }: Accepted): void {
    const { transactionId } = callback;
    if (!this.#settled || this.#closing.signal.aborted) return;
    const already = this.#inFlight.get(transactionId);
    if (already !== undefined) {
      already.hurry?.();
      return;
    }
    const one: InFlight = { hurry: undefined, over: Promise.resolve() };
    this.#inFlight.set(transactionId, one);
    one.over = this.#follow(one, callback, cart).finally(() => this.#inFlight.delete(transactionId));
  }

  /** Gives up what would have to be tried again, and waits for what is being done. */
  async close(): Promise<void> {
    this.#closing.abort();
    const inFlight = [...this.#inFlight.values()];
    for (const { hurry } of inFlight) hurry?.();
    await Promise.all(inFlight.map(({ over }) => over));
  }

  async #follow(one: InFlight, callback: Callback, cart: Accepted['cart']): Promise<void> {
    const { transactionId } = callback;
    const holder = randomUUID();
    const poll = new CartPoll(cart, { timeoutMs: PATIENCE_MS, policy: POLICY });
    // What is set right in the meantime is the clock of the machine, not this one.
    const progress: Progress = { poll, wasCalled: false, patientUntil: performance.now() + PATIENCE_MS };
    for (let failures = 0; ; ) {
      let delay: number | null;
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
  async #giveUp(transactionId: string, holder: string): Promise<void> {
    try {
      await this.#ledger.release(transactionId, holder);
    } catch (error) {
      this.#onError(error, { status: null, transactionId });
    }
  }

  /** Goes on as far as possible; gives how long to wait for the next attempt, or null at the end. */
  async #attempt(progress: Progress, callback: Callback, holder: string): Promise<number | null> {
    const { transactionId } = callback;
    if ((await this.#ledger.claim(transactionId, holder)) !== true) return null;
    const delay = await this.#ask(progress, transactionId);
    if (delay !== null) return delay;
    const { state, isDone } = progress.poll;
    if (!isDone || !state?.isFinal) {
      // It is the shop's move, or a person's: a later callback may tell more.
      await this.#ledger.release(transactionId, holder);
      return null;
    }
    if (!progress.wasCalled) {
      await this.#settled?.(state satisfies SettledCartState, callback);
      progress.wasCalled = true;
    }
    await this.#ledger.done(transactionId, holder);
    return null;
  }

  /** Asks where the cart stands; gives how long until it is to be asked again, or null. */
  async #ask(progress: Progress, transactionId: string): Promise<number | null> {
    if (progress.poll.isDone) return null;
    try {
      progress.poll = await this.#client.pollStep(progress.poll, { signal: this.#closing.signal });
    } catch (error) {
      const isOver = OVER.includes((error as { code?: unknown } | null)?.code);
      if (!isOver && performance.now() < progress.patientUntil) throw error;
      this.#onError(error, { status: null, transactionId });
      return null;
    }
    return progress.poll.isDone ? null : delayOf(progress.poll);
  }

  /** Waits, and is not what keeps the process running; false when everything is being closed. */
  async #pause(one: InFlight, ms: number): Promise<boolean> {
    const { signal } = this.#closing;
    if (signal.aborted) return false;
    await new Promise<void>((resolve) => {
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
