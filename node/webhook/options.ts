// What the callback routes of all frameworks are made with.

import type { Client } from '../client.js';
import { has, member, type Names, options as declared, required, types } from '../internal/arguments.js';
import type { AsyncReplayGuard, ReplayGuard } from '../options.js';
import type { AmountLike, Callback, PaidCartState, UnpaidCartState } from '../values.js';

const { client, fn, guard, text } = types;

/** An order as a callback must name it: a row of your database, for one. */
export interface CallbackOrder {
  /** The amount in whole krónur, as given to `insertCart`. */
  readonly amount: AmountLike;
  /** The reference, as given to `insertCart`. */
  readonly reference: string;
  /** Netgíró's id of its cart: where it is known, the callback must be about that very cart. */
  readonly transactionId?: string | null | undefined;
}

/** Where a cart stands for good. */
export type SettledCartState = PaidCartState | UnpaidCartState;

/**
 * Where the processes of a shop agree which of them calls its function for a cart. Its functions may give promises.
 * `ledger` of the options says when one is needed.
 */
export interface CallbackLedger {
  /**
   * Claims a cart for a holder, or renews its claim; false when the cart is done, or another holder's. The check and the
   * claim must be one step. A claim that was not renewed for some minutes should be void: its holder may have died.
   */
  claim(transactionId: string, holder: string): boolean | PromiseLike<boolean>;
  /** Gives back a cart that is the holder's. */
  release(transactionId: string, holder: string): unknown;
  /** Notes that the shop's function has succeeded for a cart. */
  done(transactionId: string, holder: string): unknown;
}

/** What an error was about. */
export interface CallbackProblem {
  /** What was answered; null for what went wrong after a 200. */
  readonly status: number | null;
  /** The cart; null where the callback could not be believed. */
  readonly transactionId: string | null;
}

/** A callback route of a shop; `Request` is the framework's. */
export interface CallbackOptions<Request> {
  /** The client whose keys verify the callback, and that asks where the cart stands. */
  client: Client;
  /**
   * The URL that was given to `insertCart` as `callbackUrl` (and as `callbackCancelUrl`), or a function of the request
   * that gives it, where each order has its own. Take its origin from your configuration, never from the `Host` header.
   */
  url: string | ((request: Request) => string);
  /** Finds the order that a callback is about; null where the shop has none. What it raises is answered by 503. */
  order: (callback: Callback) => CallbackOrder | null | undefined | PromiseLike<CallbackOrder | null | undefined>;
  /**
   * Records durably that the callback came, each time it does; the 200 waits for it. What it raises is answered by 503, so
   * that Netgíró sends the callback again.
   */
  record?: ((callback: Callback) => unknown) | null | undefined;
  /**
   * Your function: told where the cart stands for good, once for each cart, after the 200. It is called again if it
   * raised, after 1, 2, 4 … 60 seconds, until it succeeds. It may be asynchronous.
   */
  settled?: ((state: SettledCartState, callback: Callback) => unknown) | null | undefined;
  /**
   * Lets each callback through once; one that comes again is answered by 409. Not needed: a callback that comes again
   * changes nothing. Where recording fails, Netgíró sends the callback again word for word: a guard that several
   * processes share needs a function `forget(nonce, signature)`, which is then called.
   */
  replayGuard?:
    | ((ReplayGuard | AsyncReplayGuard) & { forget?(nonce: string, signature: string): unknown })
    | null
    | undefined;
  /** Default: this process's memory, which is enough for one process, or where `settled` is idempotent by itself. */
  ledger?: CallbackLedger | null | undefined;
  /** Hears what was refused and what failed. Default: a process warning, or the framework's log where it has one. */
  onError?: ((error: unknown, about: CallbackProblem) => void) | null | undefined;
}

const ledger = member<object>('an object with the functions claim, release and done', (value) =>
  has(value, 'claim', 'release', 'done'),
);
const url = member<string | (() => unknown)>('a string or a function', (value) => text.fits(value) || fn.fits(value));

/** @internal */
export const OPTIONS = declared({
  client: required(client),
  url: required(url),
  order: required(fn),
  record: fn,
  settled: fn,
  replayGuard: guard,
  ledger,
  onError: fn,
} satisfies Names<CallbackOptions<unknown>>);
