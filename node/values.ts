/**
 * Take payments with Netgíró: insert a cart, follow it, settle it. An unofficial client.
 *
 * Durations are in milliseconds, amounts in whole krónur. What is absent is `null`, never `undefined`.
 * Results are plain frozen objects: they survive `JSON.stringify` and `structuredClone`.
 *
 * @packageDocumentation
 */

declare global {
  // Known to TypeScript only with the library `esnext.disposable` or Node's types.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

/** What is used of an `AbortSignal`; every `AbortSignal` is one. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: any;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A decimal number of a library such as decimal.js, big.js or Prisma, read by its exact text. */
export interface DecimalLike {
  toFixed(decimalPlaces?: number): string;
  toString(): string;
}

/**
 * An amount in whole krónur, from 1 to 2,147,483,647: a number, a big integer, text as databases give it (`"4990"`,
 * `"4990.00"`), or a decimal object. What has a fraction, or is no number, is refused.
 */
export type AmountLike = number | bigint | string | DecimalLike;

/**
 * What every network call takes last. Options are members of a plain object, its own: what is inherited, a `Map`, a class's
 * object or a bare signal is an {@link InvalidRequestError}, and nothing is sent.
 */
export interface CallOptions {
  /**
   * Ends the call at once: it rejects with the signal's reason (an `AbortError` by default), and its request is
   * dropped. A call whose signal has aborted already sends nothing. Aborting never cancels a cart.
   */
  signal?: AbortSignalLike | null | undefined;
}

/** Which Netgíró to talk to. */
export type Environment = 'test' | 'production';

/**
 * What to do about the signatures of answers: `required` refuses answers without one, `if_present` accepts them,
 * `off` does not look. A wrong signature is always refused, except with `off`.
 */
export type ResponseVerification = 'required' | 'if_present' | 'off';

/**
 * What to do about an answer that says "paid" and not what was paid: `required` refuses it, a paid answer must name the
 * amount and the reference; `if_present` takes it as paid, and compares what it names of amount and reference, where
 * those of the order are known.
 */
export type PaymentInfoPolicy = 'required' | 'if_present';

/**
 * Who creates the payment once the customer has accepted: Netgíró at once (`automatic`), Netgíró when your callback
 * URL has answered 200 (`server_callback`), or you with {@link Client.confirmCart} (`manual`).
 */
export type ConfirmationType = 'automatic' | 'server_callback' | 'manual';

/**
 * Where a cart stands.
 *
 * | status | final | whose move |
 * |---|---|---|
 * | `pending` | | the customer's |
 * | `needs_code` | | yours: `confirmCart(cart, { identifier: code })` |
 * | `reserved` | | yours: `confirmCart(cart)` |
 * | `awaiting_callback` | | your callback endpoint's |
 * | `confirmed` | yes | paid |
 * | `canceled` | yes | |
 * | `declined` | yes | |
 * | `not_found` | yes | |
 * | `unknown` | | a result code this version does not know: neither paid nor canceled |
 */
export type CartStatus =
  | 'pending'
  | 'needs_code'
  | 'reserved'
  | 'awaiting_callback'
  | 'confirmed'
  | 'canceled'
  | 'declined'
  | 'not_found'
  | 'unknown';

/** What a {@link Client} is made with. */
export interface ClientOptions {
  /** The ApplicationId that Netgíró gave the shop, a GUID. */
  appKey: string;
  /** The SecretKey that Netgíró gave the shop, as it is. It is never printed. */
  secretKey: string;
  /** Which Netgíró to talk to. Default `test`. */
  environment?: Environment | null | undefined;
  /** Another base URL than the environment's: https, or http on loopback. */
  baseUrl?: string | null | undefined;
  /**
   * How long one call may take, its repeats included, in milliseconds. Default 10,000. Less than a second for another host
   * than this machine is warned of once (`NetgiroWarning`): seconds were meant, most likely.
   */
  timeoutMs?: number | null | undefined;
  /** How long connecting may take, in milliseconds. Default 5,000. */
  connectTimeoutMs?: number | null | undefined;
  /** What to do about the signatures of answers. Default `if_present`. */
  responseVerification?: ResponseVerification | null | undefined;
  /** What to do about an answer that says "paid" and not what was paid. Default `if_present`. */
  paymentInfo?: PaymentInfoPolicy | null | undefined;
  /** A PEM file with certificate authorities to trust beside the system's and the bundled ones. */
  caFile?: string | null | undefined;
  /**
   * Secret keys that are being replaced: callbacks signed with them are still accepted. Nothing is signed with them.
   * They are never printed.
   */
  previousSecretKeys?: readonly string[] | null | undefined;
  /**
   * The proxy to go through, an http or https URL, rather than the environment's (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`): a
   * variable of those that cannot be read is refused, and not passed by.
   */
  proxy?: string | null | undefined;
}

/** One line of a cart, as the customer sees it. */
export interface CartItem {
  /** What is bought. */
  name: string;
  /** The price of one piece, in whole krónur. */
  unitPrice: number | bigint | DecimalLike;
  /** How many pieces; at most three decimals, as text where a number would not be exact. Default 1. */
  quantity?: number | bigint | string | null | undefined;
  /** The line's total in whole krónur. Default: the price times the quantity, which must then be whole. */
  amount?: number | bigint | DecimalLike | null | undefined;
  /** The shop's product number. */
  productNo?: string | null | undefined;
  /** More about it. */
  description?: string | null | undefined;
}

/** A cart to be inserted. */
export interface NewCart {
  /**
   * What the customer is asked to pay: whole krónur, from 1 to 2,147,483,647. A database's text is read as well; it is not of
   * this type, since text is as likely to come from a form.
   */
  amount: number | bigint | DecimalLike;
  /** The shop's order id, without control characters. */
  reference: string;
  /** Who is asked: a phone number, a kennitala (10 digits), or the code in the customer's app. Spaces and hyphens may stand. */
  customerId: string;
  /** Who creates the payment. Default `automatic`. The API's numbers 0, 1 and 2 are understood too. */
  confirmationType?: ConfirmationType | 0 | 1 | 2 | null | undefined;
  /** Where Netgíró reports that the customer confirmed; required for `server_callback`. An absolute URL. */
  callbackUrl?: string | null | undefined;
  /** Where Netgíró reports that the customer canceled. An absolute URL. */
  callbackCancelUrl?: string | null | undefined;
  /** Shown to the customer. */
  description?: string | null | undefined;
  /** The lines of the cart. */
  items?: readonly CartItem[] | null | undefined;
  /** The shop's own name for the place of sale. */
  locationId?: string | null | undefined;
  /** The shop's own name for the till. */
  registerId?: string | null | undefined;
}

/** A cart that Netgíró has accepted: the customer is being asked. */
export interface Cart {
  /** Netgíró's id of the cart: a GUID in lower case. */
  readonly transactionId: string;
  /** The shop's order id, as sent. */
  readonly reference: string;
  /** The amount in whole krónur, as sent. */
  readonly amount: number;
  /** How often Netgíró wants to be asked, in milliseconds; null when it did not say. */
  readonly checkInterval: number | null;
  /** What Netgíró has to say about it. */
  readonly message: string | null;
  /** What identifies the call to Netgíró's support. */
  readonly referenceId: string | null;
}

/** What Netgíró holds about a payment. Amounts are decimal text with the digits as sent, such as `"1000.00"`. */
export interface PaymentInfo {
  /** Netgíró's id of the cart. */
  readonly transactionId: string | null;
  /** The number of the invoice. */
  readonly invoiceNumber: number | null;
  /** The shop's order id. */
  readonly referenceNumber: string | null;
  /** 1 unconfirmed, 2 confirmed, 5 canceled. */
  readonly statusId: number | null;
  /** When the payment was created: ISO 8601, in UTC. */
  readonly created: string | null;
  /** The total in krónur. */
  readonly totalAmount: string | null;
  /** The discount in krónur. */
  readonly discountAmount: string | null;
  /** The cost of shipping in krónur. */
  readonly shippingAmount: string | null;
  /** The cost of handling in krónur. */
  readonly handlingAmount: string | null;
  /** The number of the customer's account. */
  readonly accountNumber: number | null;
  /** In how many parts the customer pays. */
  readonly numberOfInstallments: number | null;
  /** Whether the customer's identity was confirmed. */
  readonly clientIdentityConfirmed: boolean | null;
  /** The shop's own name for the place of sale. */
  readonly locationId: string | null;
  /** The shop's own name for the till. */
  readonly registerId: string | null;
}

/** The members that a cart's state has whatever its status. */
export interface CartStateFields {
  /** Netgíró's id of the cart: a GUID in lower case. */
  readonly transactionId: string;
  /** Netgíró's result code, also when its meaning is unknown. */
  readonly resultCode: number | null;
  /** What Netgíró said about the payment; null after `cancelCart`, which says nothing. Look at `isPaid`. */
  readonly paymentSuccessful: boolean | null;
  /** What Netgíró has to say about it. */
  readonly message: string | null;
  /** What was paid or reserved, when Netgíró said so. */
  readonly payment: PaymentInfo | null;
  /** What identifies the call to Netgíró's support. */
  readonly referenceId: string | null;
  /** When the answer came in: ISO 8601, in UTC. */
  readonly checkedAt: string;
}

/** The cart is paid. */
export interface PaidCartState extends CartStateFields {
  readonly status: 'confirmed';
  readonly isFinal: true;
  readonly isPaid: true;
}

/** The cart has ended without a payment. */
export interface UnpaidCartState extends CartStateFields {
  readonly status: 'canceled' | 'declined' | 'not_found';
  readonly isFinal: true;
  readonly isPaid: false;
}

/** The cart can still change. */
export interface OpenCartState extends CartStateFields {
  readonly status: 'pending' | 'needs_code' | 'reserved' | 'awaiting_callback' | 'unknown';
  readonly isFinal: false;
  readonly isPaid: false;
}

/** Where a cart stood when it was checked. `isPaid` is true only when Netgíró said so, in an answer that no check refused. */
export type CartState = PaidCartState | UnpaidCartState | OpenCartState;

/** One answer of a bulk call: exactly one of `state` and `error` is not null. */
export type CheckResult =
  | { readonly transactionId: string; readonly state: CartState; readonly error: null }
  | { readonly transactionId: string; readonly state: null; readonly error: NetgiroError };

/** A callback that verified. Compare it with the order, record it, answer 200; then let `checkCart` decide. */
export interface Callback {
  /** Netgíró's id of the cart: a GUID in lower case. */
  readonly transactionId: string;
  /** The shop's order id, as Netgíró holds it. */
  readonly reference: string | null;
  /** The amount in krónur, as Netgíró holds it: decimal text with the digits as sent. */
  readonly amount: string | null;
  /** Where the cart stands; `unknown` where the callback's members contradict each other. */
  readonly state: CartState;
  /** What identifies the call to Netgíró's support. */
  readonly referenceId: string | null;
  /**
   * Whether the callback is about this amount, in whole krónur, and this reference. Not enumerable.
   * @throws {@link InvalidRequestError} for an amount that cannot be read.
   */
  matches(amount: AmountLike, reference: string): boolean;
}

/**
 * A cart to ask about: a {@link Cart}, a {@link CartState}, a {@link CartPoll}, the text of its transaction id, or a row of
 * your database that has these members. Where the amount or the reference is known, an answer that tells of another is a
 * {@link MismatchError}; null counts as unknown. What is there and cannot be read is an {@link InvalidRequestError}, and
 * nothing is sent.
 */
export type CartLike =
  | string
  | CartPoll
  | CartPollJson
  | {
      readonly transactionId: string;
      readonly amount?: AmountLike | null | undefined;
      readonly reference?: string | null | undefined;
      readonly checkInterval?: number | bigint | string | null | undefined;
    };

/** How often to ask, in milliseconds; between failures the intervals grow by themselves. */
export interface PollPolicy {
  /** At least this between two checks, whatever Netgíró asks for. Default 1,000. */
  minIntervalMs?: number | null | undefined;
  /** This, when Netgíró asks for nothing. Default 3,000. */
  defaultIntervalMs?: number | null | undefined;
  /** At most this, failures apart. Default 60,000. */
  maxIntervalMs?: number | null | undefined;
}

/** How long to wait, and how often to ask. */
export interface WaitOptions {
  /** When to give up, in milliseconds from now. Default 180,000, the lifetime of a cart; 0 asks once. */
  timeoutMs?: number | null | undefined;
  /** How often to ask. */
  policy?: PollPolicy | null | undefined;
}

/** The options of {@link Client.waitForCart} and {@link Client.settleCart}. */
export interface WaitForCartOptions extends WaitOptions, CallOptions {
  /**
   * Called with the first state, and whenever the status or the result code differs, in the asynchronous context of the
   * call. What it throws ends the wait.
   */
  onUpdate?: ((state: CartState) => void) | null | undefined;
}

/** The options that bulk calls have in common. */
export interface BulkOptions extends CallOptions {
  /** How many checks may be under way at a time. Default 32. */
  concurrency?: number | null | undefined;
  /**
   * How many checks are sent a second at the most, evenly spaced. Default: as fast as answers come. Where Netgíró answers
   * that it is too much (HTTP 429), the pace is halved, and recovers by a tenth a second.
   */
  rate?: number | null | undefined;
  /**
   * Results of earlier calls, or what `JSON.parse` makes of them: what they know is not asked again. For `checkMany` that is
   * every state, for `waitMany` every settled one, but for carts that may not have been there yet; what timed out there
   * goes on from its poll.
   */
  resume?: Iterable<EarlierResult> | null | undefined;
  /**
   * Called after each answer with how many carts of how many are done, in the asynchronous context of the call. What it
   * throws ends the call.
   */
  onProgress?: ((done: number, total: number) => void) | null | undefined;
}

/** A {@link CheckResult}, also one that has been through JSON. */
export interface EarlierResult {
  readonly transactionId: string;
  readonly state: CartState | null;
  readonly error: object | null;
}

/** The options of {@link Client.checkMany}. */
export interface CheckManyOptions extends BulkOptions {
  /**
   * For how long after its first check a cart is asked about again where the check failed in a way that may pass, in
   * milliseconds. Default 30,000; 0 asks once.
   */
  retryForMs?: number | null | undefined;
}

/** The options of {@link Client.waitMany}. */
export interface WaitManyOptions extends WaitOptions, BulkOptions {}

/** One result for each cart, in order: a plain frozen array, and a table as well. */
export interface CheckResults extends ReadonlyArray<CheckResult> {
  /** How many carts were to be checked. */
  readonly total: number;
  /** Whether each of them has a result: false for what is done so far. */
  readonly isComplete: boolean;
  /**
   * The results as CSV (RFC 4180), with a line of names first. Texts that a spreadsheet could take for a formula have an
   * apostrophe before it.
   */
  toCSV(): string;
  /**
   * The results as a `Table` of the package `apache-arrow`, which has to be installed: exact decimals, instants in UTC.
   * @throws {@link ConfigurationError} where that package is not.
   */
  toArrow(): any;
}

/**
 * What {@link Client.checkMany} gives: a promise of all results in order, and an async iterable of each as it comes, those
 * first that were known. When it is aborted, fails, or its iteration is left, `results` has what was done; given as `resume`
 * to another call, none of that is asked again.
 */
export interface Checking extends Promise<CheckResults> {
  /** The results so far, in order. */
  readonly results: CheckResults;
  /** Leaving the loop stops the checks, and rejects the promise with an `AbortError`. */
  [Symbol.asyncIterator](): AsyncGenerator<CheckResult, void, undefined>;
}

/** What {@link Client.watchCart} and {@link Client.waitMany} give. `return()`, as `break` calls it, stops the polling. */
export interface Following<T> extends AsyncIterableIterator<T> {
  next(): Promise<IteratorResult<T, undefined>>;
  return(value?: any): Promise<IteratorResult<T, any>>;
  [Symbol.asyncIterator](): Following<T>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Which settlements to ask for. */
export interface SettlementDays {
  /** The first day: a `Date`, or text such as `2026-01-31`. */
  dateFrom: Date | string;
  /** The last day. */
  dateTo: Date | string;
  /** The number of the one that is wanted. Default: all of them. */
  settlementNumber?: string | null | undefined;
}

/** One transfer to the shop's bank. Every member can be null. Amounts are decimal text with the digits as sent. */
export interface Settlement {
  /** Who settles. */
  readonly providerName: string | null;
  /** The number to ask for its items by, such as `100000-000069`: text. */
  readonly number: string | null;
  /** When it was made up: ISO 8601, in UTC. */
  readonly created: string | null;
  /** What the bank gets, in krónur. */
  readonly amount: string | null;
  /** What Netgíró keeps, in krónur. */
  readonly costAmount: string | null;
  /** When the bank gets it: ISO 8601, in UTC. */
  readonly bankTransferTransactionDate: string | null;
  /** How many sales are in it. */
  readonly numberOfSales: number | null;
  /** What the customers paid, in krónur. */
  readonly totalAmount: string | null;
  /** Where it stands, in Netgíró's own word. */
  readonly status: string | null;
}

/** One sale in a settlement. Every member can be null. Amounts are decimal text with the digits as sent. */
export interface SettlementItem {
  /** What the customer paid, in krónur. */
  readonly totalAmount: string | null;
  /** What Netgíró keeps of it, in krónur. */
  readonly costAmount: string | null;
  /** When it was made: ISO 8601, in UTC. */
  readonly created: string | null;
  /** The number of its loan, such as `L-123456`: text. What connects it to a cart is documented nowhere. */
  readonly loanNumber: string | null;
}

/** Headers of a callback: Node's `headers` or `rawHeaders`, a `Headers`, a `Map`, pairs. Letter case is no matter. */
export type CallbackHeaders =
  | Iterable<readonly [string, string | Uint8Array | readonly string[]]>
  | readonly string[]
  | { readonly [name: string]: string | Uint8Array | readonly string[] | undefined };

/** What {@link Client.verifyCallback} needs. */
export interface CallbackParts {
  /** The URL that was given to `insertCart`, query string included; not one rebuilt from the request. */
  url: string;
  /** The headers as received. */
  headers: CallbackHeaders;
  /** The body as received, before any parsing. */
  body: string | Uint8Array | ArrayBuffer;
  /** Refuses a callback that was accepted before. Asked last: what is refused otherwise is never recorded. */
  replayGuard?: ReplayGuard | null | undefined;
}

/** What {@link Client.verifyCallbackOnce} needs: a guard that may have to wait for its answer. */
export interface CallbackOnceParts extends Omit<CallbackParts, 'replayGuard'> {
  replayGuard: AsyncReplayGuard;
}

/**
 * Remembers the callbacks that were accepted, so that none is accepted twice: {@link MemoryReplayGuard}, or your own.
 *
 * A signature never expires, so whoever has read a callback can send it again. A handler that is idempotent (records the
 * cart as paid, however often it hears so) needs no guard. One that is not should know that a callback which was seen
 * but not answered with 200 may come again word for word, and that the guard then refuses it: answer 200 to what has
 * been recorded.
 */
export interface ReplayGuard {
  /**
   * Records a callback; false if it has been recorded before. The check and the recording must be one step, since two
   * copies may come at once. `signature` is in lowercase; it covers the nonce, so to keep the signature alone is enough.
   * What it throws, the verification throws.
   */
  isFirst(nonce: string, signature: string): boolean;
}

/**
 * A {@link ReplayGuard} on what all processes of a shop share: `SET NX` in Redis, or a unique column in the database.
 *
 * ```js
 * const replayGuard = {
 *   isFirst: async (nonce, signature) => (await redis.set(`netgiro:${signature}`, '1', { NX: true })) === 'OK',
 * };
 * ```
 */
export interface AsyncReplayGuard {
  /** As {@link ReplayGuard.isFirst}, or a promise of it. */
  isFirst(nonce: string, signature: string): boolean | PromiseLike<boolean>;
}

/** A guard in this process's memory: bounded, the oldest callbacks are forgotten first. For one process, one thread. */
export class MemoryReplayGuard implements ReplayGuard {
  /** `capacity`: how many callbacks it remembers, by default 100,000, in about 15 MB when full. */
  constructor(options?: { capacity?: number | null | undefined });
  isFirst(nonce: string, signature: string): boolean;
}

/**
 * What subscribers of `netgiro:request` (`node:diagnostics_channel`) are given: one sending of one request, and what came
 * of it. Frozen. Neither it nor {@link PollEvent} holds a secret key, a customer's id or a body.
 *
 * Subscribers are called where the call was made: `AsyncLocalStorage` and OpenTelemetry's active span are the caller's,
 * for calls that began after somebody had subscribed; of those that were under way already, subscribers hear from the next
 * call on. While nobody has subscribed, nothing is made or handed over.
 */
export interface RequestEvent {
  /** What was called. */
  readonly endpoint: Endpoint;
  /** The order's reference, of an InsertCart that failed. */
  readonly reference?: string;
  /** The cart it was about; for InsertCart the one it made. */
  readonly transactionId: string | null;
  /** 1 for the first sending, 2 for its first repetition. */
  readonly attempt: number;
  /** The HTTP status, when there was an answer. */
  readonly httpStatus: number | null;
  /** Netgíró's result code, when the answer held one. */
  readonly resultCode: number | null;
  /** What identifies the call to Netgíró's support. */
  readonly referenceId: string | null;
  /** From before the connection to after the answer was read, in milliseconds. */
  readonly durationMs: number;
  /**
   * What went wrong with it. InsertCart's caller may see `outcome_unknown` for it; it is `outcome_unknown` here when
   * the caller stopped waiting although the customer may have been asked.
   */
  readonly error: ErrorCode | null;
}

/**
 * What subscribers of `netgiro:poll` (`node:diagnostics_channel`) are given: one check of a cart that is being polled, and
 * what follows from it. Frozen.
 */
export interface PollEvent {
  /** The cart. */
  readonly transactionId: string;
  /** What the check saw; null when it failed. */
  readonly status: CartStatus | null;
  /** What the check failed with, or what ended the poll. */
  readonly error: ErrorCode | null;
  /** When it is checked again, in epoch milliseconds; null at the end. */
  readonly nextCheckAt: number | null;
  /** Whether polling has nothing more to learn. */
  readonly isDone: boolean;
}

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
 * `insertCart` never is once a byte of it has left: see {@link OutcomeUnknownError}.
 */
export class Client {
  /** @throws {@link ConfigurationError} for keys, URLs or options that cannot be used. */
  constructor(options: ClientOptions);

  /**
   * A client from the environment variables `NETGIRO_APP_KEY` and `NETGIRO_SECRET_KEY`, and if set
   * `NETGIRO_ENVIRONMENT`, `NETGIRO_BASE_URL` and `NETGIRO_PAYMENT_INFO`.
   */
  static fromEnv(): Client;

  /** Where the calls go, also once the client is closed. */
  readonly baseUrl: string;

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
  insertCart(cart: NewCart, options?: CallOptions): Promise<Cart>;

  /**
   * Asks where a cart stands, and reports what the server says: `canceled` may also mean that it has no such cart, or does
   * not have it yet. To wait is to be sure.
   */
  checkCart(cart: CartLike, options?: CallOptions): Promise<CartState>;

  /**
   * Cancels a cart, and reads the answer: `canceled`, or `confirmed` when the customer was first.
   *
   * That it is paid is believed of CheckCart alone, which is asked once then, and whose answer or error this gives: also
   * `pending`, say. Where CheckCart says that the cart ended unpaid, the two contradict each other, which is a
   * {@link ProtocolError}: ask again.
   */
  cancelCart(cart: CartLike, options?: CallOptions): Promise<CartState>;

  /** Confirms a reserved cart, or sends the SMS code that the customer was given as `identifier`. */
  confirmCart(
    cart: CartLike,
    options?: CallOptions & { identifier?: string | null | undefined },
  ): Promise<CartState>;

  /**
   * Waits until polling alone cannot change the cart any more: it is final, or it is your move.
   * @throws {@link WaitTimeoutError} at the deadline; the cart is then still open.
   */
  waitForCart(cart: CartLike, options?: WaitForCartOptions): Promise<CartState>;

  /**
   * Waits, and at the deadline cancels: the answer says whether the customer was first. Never reports `canceled` for
   * a cart that was paid.
   * @throws {@link UnresolvedError} when the truth cannot be learnt within a minute after the deadline.
   */
  settleCart(cart: CartLike, options?: WaitForCartOptions): Promise<CartState>;

  /**
   * Waits as {@link waitForCart} does, and gives a state for each change on the way. Polls while a change is being
   * asked for. Refuses bad arguments at once, not at the first step.
   */
  watchCart(cart: CartLike, options?: WaitOptions & CallOptions): Following<CartState>;

  /**
   * Checks many carts; gives one result for each, in order, or each as it comes. One bad id refuses the whole call.
   *
   * What a check fails with in the end is its cart's result. Three refusals of the keys in a row end it all, as does an
   * outage of `retryForMs`: the carts that were not asked about say so.
   */
  checkMany(carts: Iterable<CartLike>, options?: CheckManyOptions): Checking;

  /**
   * Waits for many carts, and gives each as it settles; one that was not decided in time has a
   * {@link WaitTimeoutError} for its `error`. From the first step on all are polled, however slowly the results are
   * taken. Refuses bad arguments at once, not at the first step.
   */
  waitMany(carts: Iterable<CartLike>, options?: WaitManyOptions): Following<CheckResult>;

  /**
   * Asks for the settlements from one day to another, or for one of them. The answer is not signed:
   * `responseVerification` says nothing of it.
   */
  settlements(days: SettlementDays, options?: CallOptions): Promise<readonly Settlement[]>;

  /** Asks for the sales in a settlement. */
  settlementItems(number: string, options?: CallOptions): Promise<readonly SettlementItem[]>;

  /**
   * Takes a poll one check further, for job queues: gives the poll to keep. A step that comes too early, or after the
   * end, sends nothing. The poll it gives is on this machine's clock, also where it was kept by a machine whose clock
   * differs. Takes the JSON of a poll, too.
   * @throws {@link WaitTimeoutError} at the deadline; it carries the poll.
   */
  pollStep(poll: CartPoll | CartPollJson | string, options?: CallOptions): Promise<CartPoll>;

  /**
   * Verifies a callback against the URL that was given to `insertCart`, and reads it.
   * @throws {@link SignatureError} for what Netgíró did not sign: answer 400, and do nothing else.
   */
  verifyCallback(parts: CallbackParts): Callback;

  /**
   * Verifies a callback as {@link verifyCallback} does, with a replay guard that may have to ask a database or Redis.
   * @throws {@link SignatureError} for what Netgíró did not sign, and for what was accepted before.
   */
  verifyCallbackOnce(parts: CallbackOnceParts): Promise<Callback>;

  /** Lets go of the connections, as soon as the calls under way are over; new calls are refused. */
  close(): Promise<void>;

  /** As {@link close}: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The JSON of a {@link CartPoll}, parsed. Its members are nobody's business but the poll's. */
export interface CartPollJson {
  readonly version: number;
}

/**
 * The polling of one cart as an immutable value, for job queues: {@link Client.pollStep} takes it one check further, and
 * it can be kept as JSON in between. The JSON holds neither the secret key nor a phone number. Wherever a poll is taken, so is
 * what `structuredClone`, `postMessage`, JSON or another copy of this package makes of one.
 *
 * A cart that is not found, or canceled by result code 10201 without PaymentInfo, may not be there yet: for the first
 * 15 seconds it is asked about again, in the latter case until it was seen so twice, an interval apart, or after a cancel
 * of the shop's. A cart that was seen open does not end as `not_found`. Until then `isDone` is false, whatever `state` is.
 */
export class CartPoll {
  /** A poll that starts now; a `CartPoll` given as the cart goes on with a new deadline. `now` is in epoch ms. */
  constructor(cart: CartLike, options?: WaitOptions & { now?: number | null | undefined });

  /**
   * Reads what {@link toJson} wrote, parsed or not, or a copy of a poll.
   * @throws {@link InvalidRequestError} for anything else, and for what no answer about this cart can have said.
   */
  static fromJson(json: string | CartPollJson | CartPoll): CartPoll;

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
  /** The poll as versioned JSON text: what makes a copy of a poll, by `structuredClone` or from a worker, the whole poll. */
  readonly token: string;

  /**
   * The poll after a check that you made by other means. Pure: it asks nobody. A status stands for what CheckCart says
   * with it. Instants are in epoch milliseconds, by default now; `jitter` is between 0 and 1, by default random. With
   * `afterCancel` a state is what `cancelCart` or `settleCart` gave: that it is canceled is then believed at once.
   * @throws {@link InvalidRequestError} for a state that no answer about this cart can have given.
   */
  answered(
    seen: CartState | CartStatus | NetgiroError,
    options?: {
      sentAt?: number | null | undefined;
      now?: number | null | undefined;
      jitter?: number | null | undefined;
      afterCancel?: boolean | null | undefined;
    },
  ): CartPoll;

  /** The poll as versioned JSON text. */
  toJson(): string;

  /** What `JSON.stringify` makes of the poll: the same JSON as {@link toJson}. */
  toJSON(): CartPollJson;
}

/** Netgíró's signature: lowercase hex SHA-256 of the four parts, joined. A text body is taken as UTF-8. */
export function sign(
  secretKey: string,
  nonce: string,
  url: string,
  body: string | Uint8Array | ArrayBuffer,
): string;

/** The code of an error, the same in Rust, Python and Node. */
export type ErrorCode =
  | 'configuration'
  | 'invalid_request'
  | 'connect'
  | 'timeout'
  | 'outcome_unknown'
  | 'api'
  | 'authentication'
  | 'rate_limited'
  | 'server'
  | 'signature'
  | 'protocol'
  | 'mismatch'
  | 'wait_timeout'
  | 'unresolved';

/** Whether a request left this machine: not one byte of it, some of it, or it was answered. */
export type RequestSent = 'no' | 'maybe' | 'yes';

/** The facts of an error, for those you make yourself in tests. */
export interface ErrorFacts {
  cause?: unknown;
  httpStatus?: number | null | undefined;
  resultCode?: number | null | undefined;
  referenceId?: string | null | undefined;
  requestSent?: RequestSent | undefined;
  retryable?: boolean | undefined;
}

/** What every call of this package fails with. `cause` is the error that led to it. */
export class NetgiroError extends Error {
  constructor(message: string, facts?: ErrorFacts);
  /** The code of the class. */
  readonly code: ErrorCode;
  /** The HTTP status, when there was an answer. */
  readonly httpStatus: number | null;
  /** Netgíró's result code, when the answer held one. */
  readonly resultCode: number | null;
  /** What identifies the call to Netgíró's support. */
  readonly referenceId: string | null;
  /** Whether the request left this machine. */
  readonly requestSent: RequestSent;
  /** Whether making the same call again is safe and may succeed. */
  readonly retryable: boolean;
  /** The error with all its facts, for logs. */
  toJSON(): object;
}

/** Bad keys, http outside loopback, a bad URL. */
export class ConfigurationError extends NetgiroError {
  readonly code: 'configuration';
}

/** Refused here, before anything was sent. */
export class InvalidRequestError extends NetgiroError {
  readonly code: 'invalid_request';
}

/** Never sent: safe to try again. */
export class ConnectError extends NetgiroError {
  readonly code: 'connect';
}

/** A read-only or repeatable call ran out of time. */
export class TimeoutError extends NetgiroError {
  readonly code: 'timeout';
}

/** `insertCart` may have reached the server, so the customer may have been asked: do not simply send it again. */
export class OutcomeUnknownError extends NetgiroError {
  constructor(message: string, facts?: ErrorFacts & { reference?: string | null | undefined });
  readonly code: 'outcome_unknown';
  /** The reference of the order. */
  readonly reference: string | null;
}

/** Netgíró said no; `resultCode` says why. */
export class ApiError extends NetgiroError {
  readonly code: 'api';
}

/** Netgíró did not accept the keys or the signature (HTTP 401, 403). */
export class AuthenticationError extends NetgiroError {
  readonly code: 'authentication';
}

/** Too many calls (HTTP 429). */
export class RateLimitedError extends NetgiroError {
  constructor(message: string, facts?: ErrorFacts & { retryAfter?: number | null | undefined });
  readonly code: 'rate_limited';
  /** How long the server asks to be left alone, in milliseconds. */
  readonly retryAfter: number | null;
}

/** HTTP 5xx, a broken answer, or a body that is not the API's. */
export class ServerError extends NetgiroError {
  readonly code: 'server';
}

/** A response or a callback that does not verify. */
export class SignatureError extends NetgiroError {
  readonly code: 'signature';
}

/** Contradictory or malformed data. */
export class ProtocolError extends NetgiroError {
  readonly code: 'protocol';
}

/** Paid, but another amount or reference than the cart's. */
export class MismatchError extends NetgiroError {
  readonly code: 'mismatch';
}

/** The facts of {@link WaitTimeoutError} and {@link UnresolvedError}. */
export interface PollErrorFacts extends ErrorFacts {
  state?: CartState | null | undefined;
  poll?: CartPoll | null | undefined;
}

/** The deadline was reached; the cart is still open. */
export class WaitTimeoutError extends NetgiroError {
  constructor(message: string, facts?: PollErrorFacts);
  readonly code: 'wait_timeout';
  /** The last state seen. */
  readonly state: CartState | null;
  /** The poll to resume from: give it to any of the waiting calls. */
  readonly poll: CartPoll | null;
}

/** Settling could not learn the truth: ask again before the order is shipped or dropped. */
export class UnresolvedError extends NetgiroError {
  constructor(message: string, facts?: PollErrorFacts);
  readonly code: 'unresolved';
  /** The last state seen. */
  readonly state: CartState | null;
  /** The poll to resume from: give it to any of the waiting calls. */
  readonly poll: CartPoll | null;
}

/** How a {@link Simulator} is set up. The switches are the API's open questions. */
export interface SimulatorOptions {
  /** Decides every id, nonce and SMS code: a whole number. Default 0. */
  seed?: number | null | undefined;
  /** The loopback port. Default 0: a free one. */
  port?: number | null | undefined;
  /** The only application key that is let in. Default: that of Netgíró's published test account. */
  appKey?: string | null | undefined;
  /** The secret key of both sides. Default: that of Netgíró's published test account. */
  secretKey?: string | null | undefined;
  /** How long a cart waits for its customer, in milliseconds of the simulator's clock. Default 180,000. */
  lifetimeMs?: number | null | undefined;
  /** The poll hint, as on the wire: null, zero and negative numbers are sent as they are. Default 3,000. */
  checkIntervalMs?: number | null | undefined;
  /** Decimals in response amounts. Default 0. */
  decimals?: 0 | 1 | 2 | null | undefined;
  /** What becomes of the signatures on responses. Default `valid`. */
  responseSignatures?: 'valid' | 'omit' | 'corrupt' | 'replay' | null | undefined;
  /** The result code for a cart nobody inserted. Default 10201. */
  unknownCartCode?: 10201 | 10424 | null | undefined;
  /** Whether a nonce that was used before is refused. Default false. */
  rejectRepeatedNonce?: boolean | null | undefined;
  /** The smallest amount accepted, in krónur. Default 1. */
  minimumAmount?: number | null | undefined;
  /** How long the customers who answer by themselves take, in milliseconds of the simulator's clock. Default 0. */
  reactionMs?: number | null | undefined;
  /** The time before a callback is repeated, in milliseconds of the simulator's clock. Default 5,000. */
  callbackRetryDelayMs?: number | null | undefined;
  /** How long a callback waits for its answer, in milliseconds of real time. Default 5,000. */
  callbackTimeoutMs?: number | null | undefined;
  /** How many requests and callbacks are remembered. Default 100,000. */
  history?: number | null | undefined;
  /** How long every answer of the API is held back, in milliseconds of real time. Default 0. */
  latencyMs?: number | null | undefined;
  /**
   * Where others reach it through a tunnel or a proxy, such as `https://abc.tunnel.example`: `url` is below it then, and
   * requests signed for it are let in whatever host they arrive with.
   */
  publicUrl?: string | null | undefined;
  /** The shop's name, as the customer's phone shows it. Default `Prufuverslun`. */
  shop?: string | null | undefined;
  /** Serves https: true with a certificate made up for it (see `caFile`), or with your own, as PEM. Default false. */
  tls?: boolean | { certificate: string; key: string } | null | undefined;
  /** Hosts that callbacks may be carried to beside this machine: names or addresses, without a port. Default none. */
  callbackHosts?: readonly string[] | null | undefined;
  /** What Netgíró keeps of each sale, in hundredths of a percent, rounded to a króna. Default 195, which is made up. */
  settlementCost?: number | null | undefined;
  /** Whether InsertCart without ConfirmationType is refused with 10427. Default false: it counts as 0, automatic. */
  requireConfirmationType?: boolean | null | undefined;
  /** Whether a number written as JSON text (`"Amount":"4990"`) is refused. Default false: it is read. */
  requireJsonNumbers?: boolean | null | undefined;
  /** Whether answers have no PaymentInfo, as in 2019; callbacks keep theirs. Default false. */
  omitPaymentInfo?: boolean | null | undefined;
  /**
   * How many CheckCarts after each change of a cart still answer what was true before it, as a replica that lags behind
   * does: of a cart just inserted that there is none. Default 0.
   */
  staleReads?: number | null | undefined;
}

/** The endpoints of the API. */
export type Endpoint =
  | 'InsertCart'
  | 'CheckCart'
  | 'CancelCart'
  | 'ConfirmCart'
  | 'SettlementList'
  | 'SettlementItems';

/** Something that goes wrong with requests to come; members may be combined. Times are of real time. */
export interface Fault {
  /** How many requests it strikes. Default 1. */
  count?: number | null | undefined;
  /**
   * Refuses connections for this long, in milliseconds from now, and cuts those that are open. It strikes all endpoints
   * and stands alone; clearing the faults ends it.
   */
  refuseMs?: number | null | undefined;
  /** The customer confirms just before the request is processed, if they still can. */
  confirmDuring?: boolean | null | undefined;
  /**
   * Whether the request is processed before whatever goes wrong goes wrong. By default it is not when `drop` says before
   * or unread, or when `status` or `resultCode` stand in for the real answer.
   */
  processed?: boolean | null | undefined;
  /** Holds the answer, or the closing, back, in milliseconds. The request itself is processed when it arrives. */
  delayMs?: number | null | undefined;
  /**
   * Where the exchange breaks off: before the request is read (it is then not among those seen), before it is processed,
   * after that, in the middle of the answer's body, or after the whole answer on a connection that was to be kept.
   */
  drop?: 'unread' | 'before' | 'after' | 'within' | 'answered' | null | undefined;
  /** How it breaks off: closed, reset, or silent until the client gives up. Default `close`. */
  dropBy?: 'close' | 'reset' | 'silence' | null | undefined;
  /** Answers this HTTP status. */
  status?: number | null | undefined;
  /** Answers this result code. */
  resultCode?: number | null | undefined;
  /** Adds a `Retry-After` header: seconds, a date, or rubbish. */
  retryAfter?: number | string | null | undefined;
  /** Sets these headers, named in lower case, in place of the answer's own. They are not signed. */
  headers?: { readonly [name: string]: string } | null | undefined;
  /** Adds headers of this many bytes. */
  headerBytes?: number | null | undefined;
  /** Answers this body. It is signed like any other. */
  body?: string | Uint8Array | ArrayBuffer | null | undefined;
  /** Spoils the body, whichever it would be. What comes of it is signed like any other. */
  bodyAs?:
    | 'empty'
    | 'html'
    | 'truncated'
    | 'doubled'
    | 'bom'
    | 'gzip'
    | 'invalid_utf8'
    | 'duplicate_keys'
    | 'deep'
    | 'overflow'
    | 'quoted'
    | 'replayed'
    | null
    | undefined;
  /** Sends this many blanks after the body, which JSON allows; they are not signed. */
  padding?: number | null | undefined;
  /** Sends the body a byte at a time, at this interval in milliseconds. */
  dripMs?: number | null | undefined;
  /** Signs the answer otherwise than the options say. */
  signature?: 'valid' | 'omit' | 'corrupt' | 'replay' | null | undefined;
}

/**
 * A share of all calls fails, each in a way of its own, and customers confirm, decline, ignore the request, or confirm
 * just as the merchant cancels. What happens to an order depends on the seed, its reference and how often its calls were
 * made, and not on the orders beside it. Customers are the storm's where they are named by phone number, but for
 * `8111111` and `8222222`.
 */
export interface Storm {
  /** Decides everything: a whole number. Default 0. */
  seed?: number | null | undefined;
  /** The share of calls that fails, from 0 to 1. Default 0.3. */
  failureRate?: number | null | undefined;
  /** How long a customer takes at the most, in milliseconds of the simulator's clock. Default 300. */
  reactionMs?: number | null | undefined;
}

/** A cart as the simulator holds it. */
export interface SimulatedCart {
  readonly transactionId: string;
  readonly reference: string;
  readonly amount: number;
  readonly customerId: string;
  readonly status: CartStatus;
  readonly isPaid: boolean;
  /** The result code that CheckCart answers. */
  readonly resultCode: number;
  readonly confirmationType: ConfirmationType;
  /** When it was inserted, on the simulator's clock: ISO 8601. */
  readonly created: string;
  /** Until when it waits for its customer: ISO 8601. */
  readonly expiresAt: string;
  /** The code in the customer's SMS; null unless the customer was named by kennitala. */
  readonly smsCode: string | null;
  /** How often CheckCart asked for it. */
  readonly checks: number;
}

/** A request as it arrived at the simulator, and what became of it. */
export interface SimulatedRequest {
  /** What was called; null for a path the API does not have. */
  readonly endpoint: Endpoint | null;
  /** The cart it names; null for InsertCart and for V2. */
  readonly transactionId: string | null;
  readonly method: string;
  readonly path: string;
  /** By name, in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  readonly nonce: string | null;
  /** Whether its application key and signature were right; with V2, the key. */
  readonly signatureOk: boolean;
  /** The HTTP status answered; null while it is being answered, or when it never was. */
  readonly status: number | null;
  /** The body answered; null as with `status`. */
  readonly answer: string | null;
  /** When it arrived, on the simulator's clock: ISO 8601. */
  readonly at: string;
}

/** A callback that the simulator sent. */
export interface SimulatedCallback {
  readonly transactionId: string;
  readonly url: string;
  /** 1, or 2 for the repetition. */
  readonly attempt: number;
  /** The HTTP status of the answer; null when there was none, or not yet. */
  readonly status: number | null;
  /** Whether this attempt is over. */
  readonly isDone: boolean;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  /** When it was sent, on the simulator's clock: ISO 8601. */
  readonly at: string;
}

/**
 * A local Netgíró for tests, on a loopback port and a thread of its own. The customer is you.
 *
 * ```js
 * const simulator = await Simulator.start({ seed: 7 });
 * const client = simulator.client();
 * const cart = await client.insertCart({ amount: 4990, reference: 'order-17', customerId: '8223281' });
 * simulator.confirm(cart);
 * (await client.checkCart(cart)).isPaid; // true
 * await simulator.close();
 * ```
 *
 * It does not keep Node running.
 */
export class Simulator {
  private constructor();

  /** Starts a simulator. */
  static start(options?: SimulatorOptions): Promise<Simulator>;

  /** The base URL for a client: `http://127.0.0.1:PORT/v1/`, or below `publicUrl`. */
  readonly url: string;
  /** The page for people: the customer's phone beside the shop. `#phone` after it shows the phone alone. */
  readonly pageUrl: string;
  /** The base URL on this machine, whatever `publicUrl` says: where a proxy passes requests to. */
  readonly localUrl: string;
  /**
   * The path of a PEM file with the authority to trust, where `tls: true` made one up; otherwise null. The file goes
   * when the simulator is closed.
   */
  readonly caFile: string | null;
  /** The application key that is let in. */
  readonly appKey: string;
  /** The secret key of both sides. */
  readonly secretKey: string;

  /** A client for this simulator; `caFile` is the simulator's own when none is given. */
  client(options?: Omit<ClientOptions, 'appKey' | 'secretKey' | 'baseUrl'>): Client;
  /** The customer accepts; a callback is sent meanwhile. */
  confirm(cart: CartLike): void;
  /** The customer declines. */
  decline(cart: CartLike): void;
  /** Ends a cart as if its time were over. */
  expire(cart: CartLike): void;
  /** Leaves a paid cart out of its settlement, as if Netgíró had forgotten it. */
  withhold(cart: CartLike): void;
  /**
   * Lets time pass at once, in milliseconds: carts run out, callbacks are repeated. Throws an InvalidRequestError for more
   * than ten years in all, and for less than none.
   */
  advance(ms: number): void;
  /** The simulator's time: ISO 8601. */
  now(): string;
  /** All carts, in the order in which they were inserted. */
  carts(): readonly SimulatedCart[];
  /** One cart; null when it was not inserted here. */
  cart(cart: CartLike): SimulatedCart | null;
  /** Every request, in the order of arrival. */
  requests(): readonly SimulatedRequest[];
  /** Every attempt at a callback, in order. */
  callbacks(): readonly SimulatedCallback[];
  /** Lets something go wrong with requests to come; `'*'` is any endpoint. */
  addFault(endpoint: Endpoint | '*', fault?: Fault): void;
  /** Lets a storm break loose, in place of one that blows already. Scripted faults go first. */
  storm(storm?: Storm): void;
  /**
   * Forgets the faults that have not struck yet, lets connections in again, and lets a storm's calls through: its
   * customers still do what they meant to.
   */
  clearFaults(): void;
  /** Stops the server. What it recorded stays readable. */
  close(): Promise<void>;
  /** As {@link close}: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
