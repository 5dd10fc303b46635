// What happens after a callback's 200: CheckCart decides, and the shop's function is called once for each cart.

import { randomUUID } from 'node:crypto';
import type { Client } from '../client.js';
import { cart as cartOf } from '../internal/arguments.js';
import { made, open } from '../internal/calls.js';
import { byCode } from '../internal/errors.js';
import {
  type CartRefView,
  type FollowUpAction,
  type FollowUpOutcome,
  type FollowUpView,
  native,
  type NativeFollowUp,
} from '../internal/native.js';
import { fromView } from '../poll.js';
import type { Callback } from '../values.js';
import type { CallbackLedger, CallbackOptions, CallbackProblem, SettledCartState } from './options.js';

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

/** What the core is told of what was thrown: the code of an error of this package, and the poll that it carries. */
export function failed(error: unknown): FollowUpOutcome {
  // Not by its class: the client may be of another copy of this package.
  const { code, poll } = (error ?? {}) as { code?: unknown; poll?: { toJson?: () => string } | null };
  return byCode.has(code as string) ? { failed: { code: code as string, poll: poll?.toJson?.() } } : { failed: {} };
}

/** A callback that was accepted, and the cart to check. */
export interface Accepted {
  readonly callback: Callback;
  readonly cart: CartRefView;
}

/** A cart in flight, and how to hurry it while it waits for another attempt. */
interface InFlight {
  hurry: (() => void) | undefined;
  over: Promise<void>;
}

/** What the carts of a route are followed with. */
interface FollowUpsOptions {
  client: Client;
  settled: CallbackOptions<unknown>['settled'];
  ledger: CallbackLedger | null | undefined;
  onError: (error: unknown, about: CallbackProblem) => void;
}

/** A cart that is followed, and the name that this process claims it by. */
interface Followed {
  readonly followUp: NativeFollowUp;
  readonly callback: Callback;
  readonly holder: string;
}

/** Takes each cart that was called back to its end, and the shop's function to its success, as the core decides. */
export class FollowUps {
  #client: Client;
  #settled: CallbackOptions<unknown>['settled'];
  #ledger: CallbackLedger;
  #onError: (error: unknown, about: CallbackProblem) => void;
  #closing = new AbortController();
  #inFlight = new Map<string, InFlight>();

  constructor({ client, settled, ledger, onError }: FollowUpsOptions) {
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

  async #follow(one: InFlight, callback: Callback, cart: CartRefView): Promise<void> {
    const followed = { followUp: made(native.followUp(cartOf(cart))), callback, holder: randomUUID() };
    const { followUp } = followed;
    // What is set right in the meantime is the clock of the machine, not this one.
    const began = performance.now();
    let next = open(followUp.standing());
    while (next.action !== 'end') {
      const outcome = await this.#outcome(next, one, followed);
      next = open(followUp.step(JSON.stringify(outcome), performance.now() - began));
    }
  }

  /** Does what the core asks for, and gives the outcome. */
  async #outcome(next: Exclude<FollowUpView, { action: 'end' }>, one: InFlight, followed: Followed): Promise<FollowUpOutcome> {
    const { signal } = this.#closing;
    if (next.action === 'wait') return (await this.#pause(one, next.delayMs)) ? 'done' : 'stopped';
    try {
      return await this.#perform(next.action, followed, signal);
    } catch (error) {
      if (signal.aborted && error === signal.reason) return 'stopped';
      this.#onError(error, { status: null, transactionId: followed.callback.transactionId });
      return failed(error);
    }
  }

  async #perform(
    action: FollowUpAction,
    { followUp, callback, holder }: Followed,
    signal: AbortSignal,
  ): Promise<FollowUpOutcome> {
    const { transactionId } = callback;
    if (action === 'claim') {
      const claimed = (await this.#ledger.claim(transactionId, holder)) === true;
      if (!claimed) warnNotCalled(callback);
      return { claimed };
    }
    const poll = fromView(open(followUp.poll()));
    if (action === 'check') return { checked: (await this.#client.pollStep(poll, { signal })).toJson() };
    if (action === 'call') await this.#settled?.(poll.state as SettledCartState, callback);
    else if (action === 'release') await this.#ledger.release(transactionId, holder);
    else await this.#ledger.done(transactionId, holder);
    return 'done';
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

/** Says why a callback calls no function: with a simulator of the same seed nobody would guess it. */
function warnNotCalled({ transactionId, reference }: Callback): void {
  process.emitWarning(
    `cart ${transactionId} (${JSON.stringify(reference)}): settled is not called for this callback, since by the ledger it was ` +
      'called for this cart before, or another process is calling it. Netgíró repeats callbacks, so that may be right; but a ' +
      'simulator that is started again with the same seed gives out the same carts: give it another seed, or the shop another ledger',
    { type: 'NetgiroWarning', code: 'NETGIRO_ALREADY_CALLED' },
  );
}
