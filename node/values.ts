// What callers get: plain frozen data. The members of states and payments are listed here alone, with their types and their
// columns in tables, in the order in which they come from the compiled half, and are made into objects.

import type { ErrorCode, NetgiroError } from './internal/errors.js';

/** A decimal number of a library such as decimal.js, big.js or Prisma, read by its exact text. */
export interface DecimalLike {
  /** The number with so many decimal places. */
  toFixed(decimalPlaces?: number): string;
  /** The exact text of the number. */
  toString(): string;
}

/**
 * An amount in whole krónur, from 1 to 2,147,483,647: a number, a big integer, text as databases give it (`"4990"`,
 * `"4990.00"`), or a decimal object. What has a fraction, or is no number, is refused.
 */
export type AmountLike = number | bigint | string | DecimalLike;

/** Which Netgíró to talk to. */
export type Environment = 'test' | 'production';

/**
 * Which of Netgíró's two APIs a client speaks about carts: `v1`, whose requests and answers are signed, or `v2`, to which
 * Netgíró points new shops, and which knows a shop by its app key alone.
 */
export type ApiVersion = 'v1' | 'v2';

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
 * URL has answered 200 (`server_callback`), or you with {@link Client.captureCart} or {@link Client.confirmCart} (`manual`).
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

/**
 * Where a transaction stands, in V2's words. A refund does not change it.
 *
 * | status | means |
 * |---|---|
 * | `paid` | paid |
 * | `unpaid` | the customer has not answered |
 * | `canceled` | canceled, declined or expired |
 * | `reservation` | the money is held, and not taken |
 * | `unknown` | a word that this version does not know |
 */
export type TransactionStatus = 'paid' | 'unpaid' | 'canceled' | 'reservation' | 'unknown';

/** The endpoints of the API. */
export type Endpoint =
  | 'InsertCart'
  | 'CheckCart'
  | 'CancelCart'
  | 'ConfirmCart'
  | 'Refund'
  | 'Details'
  | 'SettlementList'
  | 'SettlementItems'
  | 'Payment'
  | 'Status'
  | 'Capture'
  | 'Cancel'
  | 'HostedPayment'
  | 'HostedForm'
  | 'Transactions'
  | 'GetByReference'
  | 'PaymentCancel'
  | 'PaymentChange'
  | 'RequestConfirmation'
  | 'PartnerRefund'
  | 'PartnerTransaction';

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

/** What a member holds, and how a table's column holds it. */
interface Kinds {
  /** Text. */
  text: string;
  /** A whole number. */
  integer: number;
  /** True or false. */
  flag: boolean;
  /** Decimal text. */
  amount: string;
  /** ISO 8601, in UTC. */
  instant: string;
  /** A word, of a few. */
  status: CartStatus;
  /** A word, of two. */
  api: ApiVersion;
  /** A payment's members. */
  payment: PaymentInfo;
}

/** The type of a member: `text?` is text or null. */
type Held<Kind> = Kind extends `${infer Name extends keyof Kinds}?` ? Kinds[Name] | null : Kind extends keyof Kinds ? Kinds[Kind] : never;

/** The members of a record, by the kind of each. */
type Members<Record> = { readonly [Name in keyof Record]: Held<Record[Name]> };

/** The members of {@link PaymentInfo}. */
export const PAYMENT = {
  /** Netgíró's id of the cart. */
  transactionId: 'text?',
  /** The number of the invoice. */
  invoiceNumber: 'integer?',
  /** The shop's order id. */
  referenceNumber: 'text?',
  /** 1 unconfirmed, 2 confirmed, 5 canceled. */
  statusId: 'integer?',
  /** When the payment was created: ISO 8601, in UTC. */
  created: 'instant?',
  /** The total in krónur. */
  totalAmount: 'amount?',
  /** The discount in krónur. */
  discountAmount: 'amount?',
  /** The cost of shipping in krónur. */
  shippingAmount: 'amount?',
  /** The cost of handling in krónur. */
  handlingAmount: 'amount?',
  /** The number of the customer's account. */
  accountNumber: 'integer?',
  /** In how many parts the customer pays. */
  numberOfInstallments: 'integer?',
  /** Whether the customer's identity was confirmed. */
  clientIdentityConfirmed: 'flag?',
  /** The shop's own name for the place of sale. */
  locationId: 'text?',
  /** The shop's own name for the till. */
  registerId: 'text?',
} as const;

/** The members of {@link CartState}. */
export const STATE = {
  /** Netgíró's id of the cart: a GUID in lower case. */
  transactionId: 'text',
  /** Where the cart stands. */
  status: 'status',
  /** Netgíró's result code, also when its meaning is unknown. */
  resultCode: 'integer?',
  /** What Netgíró said about the payment; null after `cancelCart`, which says nothing. Look at `isPaid`. */
  paymentSuccessful: 'flag?',
  /** What Netgíró has to say about it. */
  message: 'text?',
  /** What was paid or reserved, when Netgíró said so. */
  payment: 'payment?',
  /** What identifies the call to Netgíró's support. */
  referenceId: 'text?',
  /** When the answer came in: ISO 8601, in UTC. */
  checkedAt: 'instant',
  /** Whether the cart cannot change any more. */
  isFinal: 'flag',
  /** Whether the cart is paid: true only when Netgíró said so, in an answer that no check refused. */
  isPaid: 'flag',
  /** Which API said so. V2 has no result codes, and says nothing about the payment. */
  api: 'api',
} as const;

/** What Netgíró holds about a payment. Amounts are decimal text with the digits as sent, such as `"1000.00"`. */
export interface PaymentInfo extends Members<typeof PAYMENT> {}

/** The members that a cart's state has whatever its status. */
export interface CartStateFields extends Omit<Members<typeof STATE>, 'status' | 'isFinal' | 'isPaid'> {}

/** The cart is paid. */
export interface PaidCartState extends CartStateFields {
  /** Where the cart stands. */
  readonly status: 'confirmed';
  /** Whether the cart cannot change any more. */
  readonly isFinal: true;
  /** Whether the cart is paid. */
  readonly isPaid: true;
}

/** The cart has ended without a payment. */
export interface UnpaidCartState extends CartStateFields {
  /** Where the cart stands. */
  readonly status: 'canceled' | 'declined' | 'not_found';
  /** Whether the cart cannot change any more. */
  readonly isFinal: true;
  /** Whether the cart is paid. */
  readonly isPaid: false;
}

/** The cart can still change. */
export interface OpenCartState extends CartStateFields {
  /** Where the cart stands. */
  readonly status: 'pending' | 'needs_code' | 'reserved' | 'awaiting_callback' | 'unknown';
  /** Whether the cart cannot change any more. */
  readonly isFinal: false;
  /** Whether the cart is paid. */
  readonly isPaid: false;
}

/** Where a cart stood when it was checked. `isPaid` is true only when Netgíró said so, in an answer that no check refused. */
export type CartState = PaidCartState | UnpaidCartState | OpenCartState;

/** A cart's state of its members, which come in the order of {@link STATE}; frozen all the way down. */
export function state(of: readonly unknown[]): CartState {
  const info = of[5] as readonly unknown[] | null;
  // Written out: V8 takes four times as long to make an object that is filled by names.
  const value = {
    transactionId: of[0],
    status: of[1],
    resultCode: of[2],
    paymentSuccessful: of[3],
    message: of[4],
    payment: info && payment(info),
    referenceId: of[6],
    checkedAt: of[7],
    isFinal: of[8],
    isPaid: of[9],
    api: of[10],
  } satisfies Record<keyof typeof STATE, unknown>;
  return Object.freeze(value) as unknown as CartState;
}

/** A payment of its members, which come in the order of {@link PAYMENT}. */
function payment(of: readonly unknown[]): PaymentInfo {
  const value = {
    transactionId: of[0],
    invoiceNumber: of[1],
    referenceNumber: of[2],
    statusId: of[3],
    created: of[4],
    totalAmount: of[5],
    discountAmount: of[6],
    shippingAmount: of[7],
    handlingAmount: of[8],
    accountNumber: of[9],
    numberOfInstallments: of[10],
    clientIdentityConfirmed: of[11],
    locationId: of[12],
    registerId: of[13],
  } satisfies Record<keyof typeof PAYMENT, unknown>;
  return Object.freeze(value) as unknown as PaymentInfo;
}

/** One answer of a bulk call: exactly one of `state` and `error` is not null. */
export type CheckResult =
  | {
      /** Netgíró's id of the cart. */
      readonly transactionId: string;
      /** Where it stands. */
      readonly state: CartState;
      /** What its check failed with: nothing. */
      readonly error: null;
    }
  | {
      /** Netgíró's id of the cart. */
      readonly transactionId: string;
      /** Where it stands: not known. */
      readonly state: null;
      /** What its check failed with. */
      readonly error: NetgiroError;
    };

/** A {@link CheckResult}, also one that has been through JSON. */
export interface EarlierResult {
  /** Netgíró's id of the cart. */
  readonly transactionId: string;
  /** Where it stood. */
  readonly state: CartState | null;
  /** What its check failed with. */
  readonly error: object | null;
}

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
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the types of apache-arrow are there for those alone who have it
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
  /** The next of them; rejects with what the polling failed with, once. */
  next(): Promise<IteratorResult<T, undefined>>;
  /** Stops the polling. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in TypeScript's own types
  return(value?: any): Promise<IteratorResult<T>>;
  /** Itself: for `for await`. */
  [Symbol.asyncIterator](): Following<T>;
  /** As `return()`: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A callback that verified. Compare it with the order, record it, answer 200; then let `checkCart` decide.
 *
 * One of V2, or of a hosted checkout, has no state: its signature is the same whatever happened, so it is only a reason to
 * ask.
 */
export interface Callback {
  /** Netgíró's id of the cart: a GUID in lower case. */
  readonly transactionId: string;
  /** The shop's order id, as Netgíró holds it. */
  readonly reference: string | null;
  /** The amount in krónur, as Netgíró holds it: decimal text with the digits as sent. */
  readonly amount: string | null;
  /** Where the cart stands; null for a callback of V2; `unknown` where the callback's members contradict each other. */
  readonly state: CartState | null;
  /** What identifies the call to Netgíró's support. */
  readonly referenceId: string | null;
  /**
   * Whether the callback is about this amount, in whole krónur, and this reference. Not enumerable.
   * @throws {@link InvalidRequestError} for an amount that cannot be read.
   */
  matches(amount: AmountLike, reference: string): boolean;
}

/** A refund that Netgíró has processed. */
export interface Refund {
  /** The cart whose payment is refunded: a GUID in lower case. */
  readonly transactionId: string;
  /** What the customer gets back, in whole krónur. */
  readonly amount: number;
  /** The shop's name of this refund. */
  readonly idempotencyKey: string;
  /** What the server has to say about it. */
  readonly message: string | null;
}

/** What Netgíró holds about a transaction. Amounts are decimal text with the digits as sent. */
export interface Transaction {
  /** Netgíró's id of the cart: a GUID in lower case. */
  readonly transactionId: string;
  /** Where it stands. */
  readonly status: TransactionStatus;
  /** The total in krónur. Refunds are not subtracted: nothing says how much was refunded. */
  readonly totalAmount: string | null;
  /** Whether it can be refunded. */
  readonly isRefundable: boolean | null;
  /** When it was created: ISO 8601, in UTC. */
  readonly created: string | null;
  /** When the money goes to the shop: ISO 8601, in UTC; null before that is known. */
  readonly settlementDate: string | null;
}

/** A hosted checkout that Netgíró has created. */
export interface Checkout {
  /** Where to send the customer's browser. */
  readonly checkoutUrl: string;
  /** The shop's order id, as sent. */
  readonly reference: string;
  /** The amount in whole krónur, as sent. */
  readonly amount: number;
}

/** A redirect that verified. It says what the customer is to see; deliver after a callback and a check alone. */
export interface Redirect {
  /** Netgíró's id of the transaction: a GUID in lower case as far as is known, and any other text as it came. */
  readonly transactionId: string;
  /** The shop's order id, as Netgíró holds it. */
  readonly reference: string;
  /** The amount in krónur, as Netgíró holds it: decimal text with the digits as sent. */
  readonly amount: string;
  /** The number of the invoice, where there is one. */
  readonly invoiceNumber: string | null;
  /** `confirmed`, `canceled` or `pending`; `unknown` for a number that this version does not know. */
  readonly status: CartStatus;
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

/**
 * What subscribers of `netgiro:request` (`node:diagnostics_channel`) are given: one sending of one request, and what came
 * of it. Frozen. Neither it nor {@link PollEvent} holds a secret key, a customer's id or a body.
 *
 * Subscribers are called where the call was made: `AsyncLocalStorage` and OpenTelemetry's active span are the caller's,
 * for calls that began after somebody had subscribed; of those that were in flight already, subscribers hear from the next
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
