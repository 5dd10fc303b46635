// CartPoll: the polling of one cart as a value, to be kept between the steps of a job; and the errors that carry one.

import { isNativeError } from 'node:util/types';
import { cart as cartOf, jsonText, kindOf, member, members, options as declared, pollText, reading, types, waitOptions } from './internal/arguments.js';
import { open } from './internal/calls.js';
import { define, type ErrorFacts, InvalidRequestError, NetgiroError } from './internal/errors.js';
import { native, type PollView } from './internal/native.js';
import { polls } from './internal/revive.js';
import { declareNames } from './internal/spelling.js';
import { entries, within } from './internal/stacks.js';
import type { WaitOptions } from './options.js';
import { type AmountLike, type CartState, type CartStatus, state as revive } from './values.js';

const { flag, number, text } = types;

/**
 * A cart to check: a {@link Cart}, a {@link CartState}, a {@link CartPoll}, the text of its transaction id, or a row of
 * your database that has these members. Where the amount or the reference is known, an answer that tells of another is a
 * {@link MismatchError}; null counts as unknown. What is there and cannot be read is an {@link InvalidRequestError}, and
 * nothing is sent.
 */
export type CartLike =
  | string
  | CartPoll
  | CartPollJson
  | {
      /** Netgíró's id of the cart. */
      readonly transactionId: string;
      /** The order's amount in whole krónur, with which the answer is compared. */
      readonly amount?: AmountLike | null | undefined;
      /** The order's reference, with which the answer is compared. */
      readonly reference?: string | null | undefined;
      /** How often Netgíró wants to be asked, in milliseconds. */
      readonly checkInterval?: number | bigint | string | null | undefined;
    };

/** The JSON of a {@link CartPoll}, parsed. Its members are nobody's business but the poll's. */
export interface CartPollJson {
  /** The version of the format. */
  readonly version: number;
}

/** The options of {@link CartPoll.answered}; instants are in epoch milliseconds. */
interface AnsweredOptions {
  /** When the check was sent. Default: `now`. */
  sentAt?: number | null | undefined;
  /** When its answer came. Default: now. */
  now?: number | null | undefined;
  /** Between 0 and 1. Default: random. */
  jitter?: number | null | undefined;
  /** Whether the state is what `cancelCart` or `settleCart` gave: that it is canceled is then believed at once. */
  afterCancel?: boolean | null | undefined;
}

const share = member<number>('a number from 0 to 1', (value) => number.fits(value) && value >= 0 && value <= 1);
const ANSWERED = declared({ sentAt: number, now: number, jitter: share, afterCancel: flag });
const START = declared({ now: number });

/** Lets this file, and no caller, make a poll from what the compiled half gave. */
const FROM_VIEW = Symbol('from view');

/**
 * The polling of one cart as an immutable value, for job queues: {@link Client.pollStep} takes it one check further, and
 * it can be kept as JSON in between. The JSON holds neither the secret key nor a phone number. Wherever a poll is taken, so is
 * what `structuredClone`, `postMessage`, JSON or another copy of this package makes of one.
 *
 * A cart that is not found, or canceled by result code 10201 without PaymentInfo, may not be there yet: for the first
 * 15 seconds it is checked again, in the latter case until it was seen so twice, an interval apart, or after a cancel
 * of the shop's. A cart that was seen open does not end as `not_found`. Until then `isDone` is false, whatever `state` is.
 */
export class CartPoll {
  /** The poll as versioned JSON text: what makes a copy of a poll, by `structuredClone` or from a worker, the whole poll. */
  readonly token: string;
  /** Netgíró's id of the cart. */
  readonly transactionId: string;
  /** When to come back, in epoch milliseconds; a step before that sends nothing. */
  readonly nextCheckAt: number;
  /** When the poll gives up, after one last check, in epoch milliseconds. */
  readonly deadline: number;
  /** The last state seen; failures do not change it. */
  readonly state: CartState | null;
  /** Whether there is nothing more to learn: `state` is final and believed, or it is your move. */
  readonly isDone: boolean;

  /**
   * A poll that starts now; a `CartPoll` given as the cart goes on with a new deadline. `now` is in epoch milliseconds.
   * @throws {@link InvalidRequestError} for what is no cart, and for options that cannot be used.
   */
  constructor(cart: CartLike, options: WaitOptions & { now?: number | null | undefined } = {}) {
    const isView = (cart as unknown) === FROM_VIEW;
    const view = isView ? (options as unknown as PollView) : within(CartPoll, () => start(cart, options));
    this.token = view.token;
    this.transactionId = view.transactionId;
    this.nextCheckAt = view.nextCheckAt;
    this.deadline = view.deadline;
    this.state = view.state && revive(view.state);
    this.isDone = view.isDone;
    Object.freeze(this);
  }

  /**
   * Reads what {@link CartPoll.toJson} wrote, parsed or not, or a copy of a poll.
   * @throws {@link InvalidRequestError} for anything else, and for what no answer about this cart can have said.
   */
  static fromJson(json: string | CartPollJson | CartPoll): CartPoll {
    return fromView(open(native.readPoll(token(json))));
  }

  /** The poll as versioned JSON text. */
  toJson(): string {
    return this.token;
  }

  /** What `JSON.stringify` makes of the poll: the same JSON as {@link CartPoll.toJson}. */
  toJSON(): CartPollJson {
    return JSON.parse(this.token) as CartPollJson;
  }

  /**
   * The poll after a check that you made by other means. Pure: it asks nobody. A status stands for what CheckCart says
   * with it. Instants are in epoch milliseconds, by default now; `jitter` is between 0 and 1, by default random. With
   * `afterCancel` a state is what `cancelCart` or `settleCart` gave: that it is canceled is then believed at once.
   * @throws {@link InvalidRequestError} for a state that no answer about this cart can have given.
   */
  answered(seen: CartState | CartStatus | NetgiroError, options: AnsweredOptions = {}): CartPoll {
    const { sentAt, now, jitter, afterCancel } = members('answered', options, ANSWERED);
    const given = { __proto__: null, ...reading('answered: what was seen', () => whatWasSeen(seen)), afterCancel };
    return fromView(open(native.answerPoll(this.token, given, sentAt, now, jitter)));
  }
}
declareNames([...Object.getOwnPropertyNames(CartPoll.prototype), 'fromJson']);
entries(CartPoll, 'fromJson');
polls(fromView);

/** The facts of {@link WaitTimeoutError} and {@link UnresolvedError}. */
export interface PollErrorFacts extends ErrorFacts {
  /** The last state seen. Default null. */
  state?: CartState | null | undefined;
  /** The poll to resume from. Default null. */
  poll?: CartPoll | null | undefined;
}

/** The deadline was reached; the cart is still open. */
export class WaitTimeoutError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'wait_timeout';
  /** The last state seen. */
  readonly state: CartState | null;
  /** The poll to resume from: give it to any of the waiting calls. */
  readonly poll: CartPoll | null;

  /** An error as this package makes it, for tests. */
  constructor(message: string, facts: PollErrorFacts = {}) {
    super(message, facts);
    this.state = facts.state ?? null;
    this.poll = facts.poll ?? null;
  }
}
define(WaitTimeoutError, 'WaitTimeoutError', { code: 'wait_timeout', retryable: true });

/** Settling could not learn the truth: ask again before the order is shipped or dropped. */
export class UnresolvedError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'unresolved';
  /** The last state seen. */
  readonly state: CartState | null;
  /** The poll to resume from: give it to any of the waiting calls. */
  readonly poll: CartPoll | null;

  /** An error as this package makes it, for tests. */
  constructor(message: string, facts: PollErrorFacts = {}) {
    super(message, facts);
    this.state = facts.state ?? null;
    this.poll = facts.poll ?? null;
  }
}
define(UnresolvedError, 'UnresolvedError', { code: 'unresolved', retryable: true });

function start(cart: unknown, options: unknown): PollView {
  const { wait, now } = waitOptions('CartPoll', options, START);
  return open(native.startPoll(cartOf(cart), wait, now));
}

/**
 * A poll of the compiled half.
 * @internal
 */
export function fromView(view: PollView): CartPoll {
  return new CartPoll(FROM_VIEW as never, view as never);
}

/**
 * How long to wait before the next step, in milliseconds: not a matter of one machine's clock.
 * @internal
 */
export function delay(poll: CartPoll, now?: number): number {
  return open(native.pollDelay(poll.token, now));
}

/**
 * The text of a poll: of a CartPoll or a copy of one, of its JSON text, or of that text parsed, as queues hand it on.
 * @internal
 */
export function token(given: unknown): string {
  if (typeof given === 'string') return given;
  if (typeof given === 'object' && given !== null) return reading('a poll', () => pollText(given) ?? jsonText('a poll', given));
  throw new InvalidRequestError(`a poll is a CartPoll or its JSON; got ${kindOf(given)}`);
}

/** An error of this package, also one of another copy of it. */
function isError(seen: unknown): seen is NetgiroError & { retryAfter?: unknown } {
  return seen instanceof NetgiroError || (isNativeError(seen) && text.fits((seen as { code?: unknown }).code));
}

function whatWasSeen(seen: unknown): object {
  if (typeof seen === 'string') return { status: seen };
  if (isError(seen)) {
    const { code, message, httpStatus, resultCode, retryAfter } = seen;
    const known = Object.entries({ code, message, httpStatus, resultCode, retryAfter }).filter(([, fact]) => fact != null);
    return { error: { __proto__: null, ...Object.fromEntries(known) } };
  }
  if (typeof seen === 'object' && seen !== null) return { state: jsonText('what was seen', seen) };
  throw new InvalidRequestError(`answered takes a CartState, a status or a NetgiroError; got ${kindOf(seen)}`);
}
