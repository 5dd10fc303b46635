// Client: each method converts its arguments, calls the compiled half, and freezes what comes back.

import { AsyncResource } from 'node:async_hooks';
import { inspect, type InspectOptions } from 'node:util';
import { isDate } from 'node:util/types';
import {
  amount as amountOf,
  bytes,
  callbackParts,
  cart as cartOf,
  carts as cartsOf,
  clientOptions,
  kindOf,
  lookup,
  type Member,
  member,
  members,
  type Names,
  newCart,
  newCheckout,
  newRefund,
  options as declared,
  redirectOrder,
  required,
  types,
  waitOptions,
} from './internal/arguments.js';
import { BULK, bulk, checking, checkOptions } from './internal/bulk.js';
import { call, closePort, made, open } from './internal/calls.js';
import { asyncDispose } from './internal/dispose.js';
import { InvalidRequestError } from './internal/errors.js';
import { CartChanges, SettledCarts } from './internal/iterators.js';
import { native, type NativeClient, type StateView } from './internal/native.js';
import { callback as callbackOf, replayKey } from './internal/results.js';
import { declareNames } from './internal/spelling.js';
import { entries, own, within } from './internal/stacks.js';
import type {
  AsyncReplayGuard,
  CallbackOnceParts,
  CallbackParts,
  CallOptions,
  CheckManyOptions,
  ClientOptions,
  FindOptions,
  NewCart,
  NewCheckout,
  RedirectOrder,
  RefundOptions,
  ReplayGuard,
  SettlementDays,
  WaitForCartOptions,
  WaitManyOptions,
  WaitOptions,
} from './options.js';
import { type CartLike, type CartPoll, type CartPollJson, fromView, token as tokenOf } from './poll.js';
import {
  type ApiVersion,
  type Callback,
  type Cart,
  type CartState,
  type Checking,
  type CheckResult,
  type Checkout,
  type Following,
  type Redirect,
  type Refund,
  type Settlement,
  type SettlementItem,
  type Transaction,
  state,
} from './values.js';

const { anything, fn, signal: aSignal, text } = types;

const CALL = { signal: aSignal };
const CONFIRM = declared({ identifier: text, ...CALL });
const CAPTURE = declared({ amount: anything, ...CALL });
const WAIT = declared({ onUpdate: fn as Member<(state: CartState) => unknown>, ...CALL });
const REDIRECT_URL = { url: required(text) };
const NUMBER = { number: required(text) };
const SIGN = { secretKey: required(text), nonce: required(text), url: required(text) };

const day = member<Date | string>('a Date or a day such as "2026-01-31"', (value) => text.fits(value) || isDate(value));
const DAYS = declared({
  dateFrom: required(day),
  dateTo: required(day),
  settlementNumber: text,
} satisfies Names<SettlementDays>);

/** Lets `fromEnv`, and no caller, make a client around a native one. */
const FROM_NATIVE: unique symbol = Symbol('from native');

/**
 * The compiled half of each client: not a private member, by which TypeScript would tell copies of this package apart, and
 * refuse a stand-in in a test.
 */
const natives = new WeakMap<Client, NativeClient>();

/** Said once, however many clients and waits there are. */
let hasWarnedOfSeconds = false;

/**
 * A client for Netgíró's checkout API. Opens nothing before its first call; an idle one does not keep Node running.
 *
 * ```js
 * const client = new Client({ appKey, secretKey });
 * const cart = await client.insertCart({ amount: 4990, reference: 'order-17', customerId: '822-3281' });
 * const state = await client.settleCart(cart);
 * if (state.isPaid) ship('order-17');
 * ```
 *
 * `checkCart`, `cancelCart` and `confirmCart` are repeated, signed anew, when a connection breaks or the server fails.
 * `insertCart` and `createCheckout` never are once a byte of them has left: see {@link OutcomeUnknownError}. `refundCart` is
 * repeated with its key.
 *
 * Every call rejects with a {@link NetgiroError}: an {@link InvalidRequestError} for arguments that cannot be used, before
 * anything is sent, otherwise with what the request failed with. A call that is aborted rejects with the signal's reason.
 */
export class Client {
  /** @throws {@link ConfigurationError} for keys, URLs or options that cannot be used. */
  constructor(options: ClientOptions);
  /** @internal */
  constructor(options: typeof FROM_NATIVE, of: NativeClient);
  constructor(options: ClientOptions | typeof FROM_NATIVE, of?: NativeClient) {
    if (options === FROM_NATIVE) {
      natives.set(this, of as NativeClient);
      return;
    }
    within(Client, () => {
      const given = clientOptions(options);
      natives.set(this, made(native.makeClient(given)));
      warnOfSeconds(this, 'Client', given.timeoutMs);
    });
  }

  /**
   * A client from the environment variables `NETGIRO_APP_KEY` and `NETGIRO_SECRET_KEY`, and if set
   * `NETGIRO_ENVIRONMENT`, `NETGIRO_API`, `NETGIRO_BASE_URL` and `NETGIRO_PAYMENT_INFO`.
   * @throws {@link ConfigurationError} for variables that are missing, or cannot be used.
   */
  static fromEnv(): Client {
    return new Client(FROM_NATIVE, made(native.makeClientFromEnv((name) => process.env[name])));
  }

  /** Which API it speaks about carts, `'v1'` or `'v2'`. */
  get api(): ApiVersion {
    return nativeOf(this).api;
  }

  /** Where the calls go, also once the client is closed. */
  get baseUrl(): string {
    return nativeOf(this).baseUrl;
  }

  /**
   * Asks the customer to pay. Not idempotent: what may have reached the server is never sent again.
   *
   * When it is aborted after a byte has left, the customer may have been asked. It then rejects with an error of its
   * own, named `AbortError` (or `TimeoutError`, as the signal's reason is), whose `cause` is an
   * {@link OutcomeUnknownError} with the reference; that one's `cause` is the signal's reason. Aborted before, it rejects
   * with the reason itself: nobody was asked.
   * @throws {@link OutcomeUnknownError} when the server may have the cart although no sound answer came.
   * @throws {@link ApiError} when Netgíró clearly says no: nobody was asked, and the order is free.
   */
  async insertCart(cart: NewCart, options: CallOptions = {}): Promise<Cart> {
    const given = newCart(cart);
    const { signal } = members('insertCart', options, CALL);
    return Object.freeze(await call(signal, undefined, (port, n) => nativeOf(this).insertCart<Cart>(port, n, given)));
  }

  /**
   * Asks where a cart stands, and reports what the server says: `canceled` may also mean that it has no such cart, or does
   * not have it yet. To wait is to be sure.
   * @throws {@link MismatchError} when it is paid, but not the amount or the reference that was given with the cart.
   */
  async checkCart(cart: CartLike, options: CallOptions = {}): Promise<CartState> {
    const given = cartOf(cart);
    const { signal } = members('checkCart', options, CALL);
    return state(await call(signal, undefined, (port, n) => nativeOf(this).checkCart(port, n, given)));
  }

  /**
   * Cancels a cart, and reads the answer: `canceled`, or `confirmed` when the customer was first. With V2, whose cancel
   * would also undo a payment, the cart is checked first, and a paid one is left as it is.
   *
   * That it is paid is believed of CheckCart alone, which is asked once then, and whose answer or error this gives: also
   * `pending`, say. Where CheckCart says that the cart ended unpaid, the two contradict each other, which is a
   * {@link ProtocolError}: ask again.
   */
  async cancelCart(cart: CartLike, options: CallOptions = {}): Promise<CartState> {
    const given = cartOf(cart);
    const { signal } = members('cancelCart', options, CALL);
    return state(await call(signal, undefined, (port, n) => nativeOf(this).cancelCart(port, n, given)));
  }

  /**
   * Confirms a reserved cart, or sends the SMS code that the customer was given as `identifier`. V2 has no such code.
   * @throws {@link ApiError} when Netgíró says no.
   */
  async confirmCart(
    cart: CartLike,
    options: CallOptions & { identifier?: string | null | undefined } = {},
  ): Promise<CartState> {
    const given = cartOf(cart);
    const { identifier, signal } = members('confirmCart', options, CONFIRM);
    return state(await call(signal, undefined, (port, n) => nativeOf(this).confirmCart(port, n, given, identifier)));
  }

  /**
   * Captures what is held of a reserved cart, all of it or an `amount` of it: `confirmed`. What was captured before is not
   * captured again.
   *
   * Of V2. With `api` V1 it does what {@link Client.confirmCart} does, and refuses an amount.
   * @throws {@link ApiError} when Netgíró says no.
   */
  async captureCart(
    cart: CartLike,
    options: CallOptions & { amount?: NewCart['amount'] | null | undefined } = {},
  ): Promise<CartState> {
    const given = cartOf(cart);
    const { amount, signal } = members('captureCart', options, CAPTURE);
    const part = amount === undefined ? undefined : amountOf(amount);
    return state(await call(signal, undefined, (port, n) => nativeOf(this).captureCart(port, n, given, part)));
  }

  /**
   * Cancels a payment that is made: `canceled`, and the customer pays nothing. To give back a part, refund it.
   *
   * Of V2, where `cancelCart` leaves a paid cart as it is.
   * @throws {@link InvalidRequestError} for a cart that is not paid.
   */
  async voidCart(cart: CartLike, options: CallOptions = {}): Promise<CartState> {
    const given = cartOf(cart);
    const { signal } = members('voidCart', options, CALL);
    return state(await call(signal, undefined, (port, n) => nativeOf(this).voidCart(port, n, given)));
  }

  /**
   * Waits until polling alone cannot change the cart any more: it is final, or it is your move.
   * @throws {@link WaitTimeoutError} at the deadline; the cart is then still open.
   */
  async waitForCart(cart: CartLike, options: WaitForCartOptions = {}): Promise<CartState> {
    return await wait(this, 'waitForCart', cart, options, false);
  }

  /**
   * Waits, and at the deadline cancels: the answer says whether the customer was first. Never reports `canceled` for
   * a cart that was paid.
   * @throws {@link UnresolvedError} when the truth cannot be learnt within a minute after the deadline.
   */
  async settleCart(cart: CartLike, options: WaitForCartOptions = {}): Promise<CartState> {
    return await wait(this, 'settleCart', cart, options, true);
  }

  /**
   * Waits as {@link Client.waitForCart} does, and gives a state for each change on the way. Polls while a change is being
   * asked for. Refuses bad arguments at once, not at the first step.
   * @throws {@link InvalidRequestError} for what is no cart, and for options that cannot be used.
   */
  watchCart(cart: CartLike, options: WaitOptions & CallOptions = {}): Following<CartState> {
    const { wait: waiting, signal } = waitOptions('watchCart', options, CALL);
    warnOfSeconds(this, 'watchCart', waiting.timeoutMs);
    return new CartChanges(made(nativeOf(this).watchCart(cartOf(cart), waiting)), signal);
  }

  /**
   * Checks many carts; gives one result for each, in order, or each as it comes. One bad id refuses the whole call.
   *
   * What a check fails with in the end is its cart's result. Three refusals of the keys in a row end it all, as does an
   * outage of `retryForMs`: the carts that were not checked say so.
   */
  checkMany(carts: Iterable<CartLike>, options: CheckManyOptions = {}): Checking {
    try {
      const given = cartsOf('checkMany', carts);
      const taken = checkOptions('checkMany', options);
      const start = (...[port, n]: Parameters<NativeClient['checkMany']>) => nativeOf(this).checkMany(port, n, given, taken.bulk);
      return checking(given.length, taken.onProgress, taken.signal, start as never);
    } catch (error) {
      return checking(0, undefined, undefined, () => {
        throw error;
      });
    }
  }

  /**
   * Waits for many carts, and gives each as it settles; one that was not decided in time has a
   * {@link WaitTimeoutError} for its `error`. From the first step on all are polled, however slowly the results are
   * taken. Refuses bad arguments at once, not at the first step.
   * @throws {@link InvalidRequestError} for what is no cart, and for options that cannot be used.
   */
  waitMany(carts: Iterable<CartLike>, options: WaitManyOptions = {}): Following<CheckResult> {
    const taken = waitOptions('waitMany', options, BULK);
    const given = cartsOf('waitMany', carts);
    warnOfSeconds(this, 'waitMany', taken.wait.timeoutMs);
    const waiting = made(nativeOf(this).waitMany(given, taken.wait, bulk('waitMany', taken)));
    return new SettledCarts((port, n) => waiting.run(port, n), taken.signal, taken.onProgress);
  }

  /**
   * Looks for the cart of an `insertCart` whose outcome is unknown, by the order's reference. What it finds may be the cart, with
   * the order's amount and reference: go on as if `insertCart` had given it, and check it. Only a check says where it stands.
   *
   * Netgíró last documented this look-up in 2020, so it may not exist any more, and may not see a cart that the customer has not
   * accepted yet. null means that the server says that it has no such cart. It does not mean that nobody was asked to pay: do not
   * insert the order again on its account before the customer can no longer accept.
   * @throws {@link MismatchError} when the answer names another reference or another amount.
   * @throws {@link ApiError} when Netgíró refuses or does not have the look-up.
   * @throws {@link ProtocolError} or {@link ServerError} for an answer that cannot be read.
   */
  async findByReference(reference: string, options: FindOptions): Promise<Cart | null> {
    const { amount, signal, ...given } = lookup(reference, options);
    const client = nativeOf(this);
    const found = await call(signal, undefined, (port, n) => client.findByReference<Cart | null>(port, n, given.reference, amount));
    return found && Object.freeze(found);
  }

  /**
   * Refunds a payment, in full or in part: the customer gets `amount` krónur back. For carts of V1 too.
   *
   * Netgíró processes one refund for each `idempotencyKey`, so what may have been lost is sent again with it. A refund changes
   * no status: a paid cart stays paid, and how much was refunded is the shop's to store.
   *
   * When it is aborted in flight, the refund may have been made. It then rejects with an error of its own, named `AbortError`
   * (or `TimeoutError`, as the signal's reason is), whose `cause` is an {@link OutcomeUnknownError} with the key: make the
   * same call again with the same key.
   *
   * Asked of the API's V2, whose answers are not signed.
   * @throws {@link OutcomeUnknownError}, which has the key, when the refund may have been made although no sound answer came:
   * make the same call again.
   * @throws {@link ApiError} when Netgíró says no.
   * @throws {@link MismatchError} when the key belongs to another refund.
   */
  async refundCart(cart: CartLike, amount: NewCart['amount'], options: RefundOptions): Promise<Refund> {
    const given = cartOf(cart);
    const { refund, signal } = newRefund(amount, options);
    const client = nativeOf(this);
    return Object.freeze(await call(signal, undefined, (port, n) => client.refundCart<Refund>(port, n, given, refund)));
  }

  /**
   * Asks what Netgíró holds about a cart's payment: whether it can be refunded, and when the money goes to the shop.
   *
   * Asked of the API's V2, whose answers are not signed: `checkCart` alone says whether a cart is paid.
   */
  async getTransaction(cart: CartLike, options: CallOptions = {}): Promise<Transaction> {
    const given = cartOf(cart);
    const { signal } = members('getTransaction', options, CALL);
    const client = nativeOf(this);
    return Object.freeze(await call(signal, undefined, (port, n) => client.getTransaction<Transaction>(port, n, given)));
  }

  /**
   * Creates a hosted checkout: a page of Netgíró's, to whose `checkoutUrl` the customer's browser is sent. Nobody is asked to pay
   * before that. Sent once. The answer has no transaction id: that comes with the redirect and the callback.
   *
   * When it is aborted in flight, the checkout may have been created. It then rejects with an error of its own, named
   * `AbortError` (or `TimeoutError`, as the signal's reason is), whose `cause` is an {@link OutcomeUnknownError} with the
   * reference.
   * @throws {@link OutcomeUnknownError}, which has the reference, when it may have been created although no sound answer came.
   * @throws {@link ApiError} when Netgíró says no.
   */
  async createCheckout(checkout: NewCheckout, options: CallOptions = {}): Promise<Checkout> {
    const given = newCheckout(checkout);
    const { signal } = members('createCheckout', options, CALL);
    const client = nativeOf(this);
    return Object.freeze(await call(signal, undefined, (port, n) => client.createCheckout<Checkout>(port, n, given)));
  }

  /**
   * Verifies the URL with which a customer comes back from Netgíró's page, and reads it. For display alone: whoever has the URL
   * can open it again, so deliver after a callback and a check.
   *
   * `url` is the whole URL, or its query; `amount` and `reference` are the order's.
   * @throws {@link SignatureError} when it does not verify.
   * @throws {@link MismatchError} when it is about another amount or reference.
   */
  verifyRedirect(url: string, order: RedirectOrder = {}): Redirect {
    members('verifyRedirect', { url }, REDIRECT_URL);
    const { amount, reference } = redirectOrder(order);
    return Object.freeze(open(nativeOf(this).verifiedRedirect<Redirect>(url, amount, reference)));
  }

  /**
   * Asks for the settlements from one day to another, or for one of them. The answer is not signed:
   * `responseVerification` says nothing of it.
   * @throws {@link InvalidRequestError} for what is no day.
   */
  async settlements(days: SettlementDays, options: CallOptions = {}): Promise<readonly Settlement[]> {
    const { dateFrom, dateTo, settlementNumber } = members('settlements', days, DAYS);
    const { signal } = members('settlements', options, CALL);
    const [from, to] = [isoText(dateFrom), isoText(dateTo)];
    const client = nativeOf(this);
    return frozen(
      await call(signal, undefined, (port, n) => client.settlements<Settlement>(port, n, from, to, settlementNumber)),
    );
  }

  /**
   * Asks for the sales in a settlement, by its number.
   * @throws {@link ApiError} when Netgíró has no such settlement.
   */
  async settlementItems(number: string, options: CallOptions = {}): Promise<readonly SettlementItem[]> {
    members('settlementItems', { number }, NUMBER);
    const { signal } = members('settlementItems', options, CALL);
    const client = nativeOf(this);
    return frozen(await call(signal, undefined, (port, n) => client.settlementItems<SettlementItem>(port, n, number)));
  }

  /**
   * Takes a poll one check further, for job queues: gives the poll to keep. A step that comes too early, or after the
   * end, sends nothing. The poll it gives is on this machine's clock, also where it was kept by a machine whose clock
   * differs. Takes the JSON of a poll, too.
   * @throws {@link WaitTimeoutError} at the deadline; it carries the poll.
   */
  async pollStep(poll: CartPoll | CartPollJson | string, options: CallOptions = {}): Promise<CartPoll> {
    const token = tokenOf(poll);
    const { signal } = members('pollStep', options, CALL);
    return fromView(await call(signal, undefined, (port, n) => nativeOf(this).pollStep(port, n, token)));
  }

  /**
   * Verifies a callback against the URL that was given to `insertCart`, and reads it.
   *
   * Callbacks of V2 and of hosted checkouts are known by their signature, whichever API the client speaks. Theirs covers
   * neither the outcome nor the URL, so `state` is null: ask where the cart stands.
   * @throws {@link SignatureError} for what Netgíró did not sign: answer 400, and do nothing else.
   */
  verifyCallback(parts: CallbackParts): Callback {
    const given = callbackParts('verifyCallback', parts);
    const callback = verified(this, given);
    const guard = given.replayGuard as ReplayGuard | undefined;
    const key = guard ? replayKey(callback) : null;
    if (guard && key) accept(callback, 'verifyCallback', guard.isFirst(...key));
    return callback;
  }

  /**
   * Verifies a callback as {@link Client.verifyCallback} does, with a replay guard that may have to ask a database or Redis.
   * The guard is not asked about callbacks of V2.
   * @throws {@link SignatureError} for what Netgíró did not sign, and for what was accepted before.
   */
  async verifyCallbackOnce(parts: CallbackOnceParts): Promise<Callback> {
    const given = callbackParts('verifyCallbackOnce', parts);
    const callback = verified(this, given);
    const guard = given.replayGuard as AsyncReplayGuard;
    const key = replayKey(callback);
    if (key) accept(callback, 'verifyCallbackOnce', await guard.isFirst(...key));
    return callback;
  }

  /** Lets go of the connections, as soon as the calls in flight are over; new calls are refused. */
  async close(): Promise<void> {
    nativeOf(this).close();
    closePort();
  }

  /** As {@link Client.close}: for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `Client ${inspect({ baseUrl: this.baseUrl }, options)}`;
  }
}
declareNames([...Object.getOwnPropertyNames(Client.prototype), 'fromEnv']);
entries(Client, 'fromEnv');

function nativeOf(client: Client): NativeClient {
  const found = natives.get(client);
  if (found === undefined) throw own(new TypeError('this is a method of a Client: call it as one'));
  return found;
}

/** Who gives a call to another machine less than a second has most likely given it seconds. 0 is a wait of one check. */
function warnOfSeconds(client: Client, where: string, timeoutMs: number | undefined): void {
  const isFar = !nativeOf(client).isLoopback;
  if (hasWarnedOfSeconds || !isFar || timeoutMs === undefined || !(timeoutMs > 0 && timeoutMs < 1_000)) return;
  hasWarnedOfSeconds = true;
  const message = `${where}: timeoutMs is ${timeoutMs} milliseconds, which is less than a second: were seconds meant?`;
  process.emitWarning(message, { type: 'NetgiroWarning' });
}

async function wait(
  client: Client,
  where: string,
  cart: CartLike,
  options: WaitForCartOptions,
  settle: boolean,
): Promise<CartState> {
  const given = cartOf(cart);
  const { wait: waiting, onUpdate, signal } = waitOptions(where, options, WAIT);
  warnOfSeconds(client, where, waiting.timeoutMs);
  // It is told of changes where the wait was asked for, and not wherever the compiled half happens to be.
  const tell = onUpdate && AsyncResource.bind((view: StateView) => onUpdate(state(view)));
  const onEvent = tell && ((view: StateView) => () => tell(view));
  return state(
    await call(signal, onEvent, (port, n) => nativeOf(client).waitForCart(port, n, given, waiting, settle)),
  );
}

function verified(client: Client, { head, body }: ReturnType<typeof callbackParts>): Callback {
  return callbackOf(...open(nativeOf(client).verifiedCallback(head, body)));
}

/** Refuses a callback unless its guard says true; what is merely truthy, as a promise is, lets nothing in. */
function accept({ referenceId }: Callback, where: string, isFirst: unknown): void {
  if (isFirst === true) return;
  if (isFirst !== false) {
    const isPromise = fn.fits((isFirst as { then?: unknown } | null | undefined)?.then);
    const hint = isPromise ? ': a guard that has to wait goes with verifyCallbackOnce' : '';
    if (isPromise) Promise.resolve(isFirst).catch(() => {});
    throw new InvalidRequestError(`${where}: replayGuard.isFirst must give true or false; got ${kindOf(isFirst)}${hint}`);
  }
  open(native.callbackReplayed(referenceId));
}

/** A day's text; that of an invalid date is refused where days are read. */
function isoText(of: Date | string): string {
  if (typeof of === 'string') return of;
  return Number.isNaN(of.getTime()) ? String(of) : of.toISOString();
}

function frozen<T extends object>(records: T[]): readonly T[] {
  return Object.freeze(records.map((record) => Object.freeze(record)));
}

/** Netgíró's signature: lowercase hex SHA-256 of the four parts, joined. A text body is taken as UTF-8. */
export function sign(secretKey: string, nonce: string, url: string, body: string | Uint8Array | ArrayBuffer): string {
  return within(sign, () => {
    const given = members('sign', { secretKey, nonce, url }, SIGN);
    return native.sign(given.secretKey, given.nonce, given.url, bytes('sign', body));
  });
}
