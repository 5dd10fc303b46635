// What callers give: options by their names. Durations are in milliseconds, amounts in whole krónur; null counts as left out.

import type {
  AmountLike,
  ApiVersion,
  CartState,
  ConfirmationType,
  DecimalLike,
  EarlierResult,
  Environment,
  PaymentInfoPolicy,
  ResponseVerification,
} from './values.js';

/** What is used of an `AbortSignal`; every `AbortSignal` is one. */
export interface AbortSignalLike {
  /** Whether it has aborted. */
  readonly aborted: boolean;
  /** Why: what an aborted call rejects with. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in TypeScript's own types
  readonly reason?: any;
  /** Adds a listener. */
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  /** Removes it again. */
  removeEventListener(type: 'abort', listener: () => void): void;
}

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

/** What a {@link Client} is made with. */
export interface ClientOptions {
  /** The ApplicationId that Netgíró gave the shop, a GUID. */
  appKey: string;
  /** The SecretKey that Netgíró gave the shop, as it is. It is never printed. */
  secretKey: string;
  /** Which Netgíró to talk to. Default `test`. */
  environment?: Environment | null | undefined;
  /** Which API carts are inserted, checked, confirmed and canceled by. Default `v1`. */
  api?: ApiVersion | null | undefined;
  /**
   * Another base URL than the environment's: https, or http on loopback. All APIs are at its origin: V1 under `/v1/`, V2 under
   * `/v2/`, whichever of the two it names.
   */
  baseUrl?: string | null | undefined;
  /**
   * Where hosted checkouts are created, instead of the environment's, or of `/v1/` beside a `baseUrl`: https, or http on
   * loopback.
   */
  checkoutBaseUrl?: string | null | undefined;
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

/** What a customer can be named by. */
type CustomerName = 'customerId' | 'accessCode' | 'barcode';

/** A customer who is named by this alone. */
type NamedBy<Name extends CustomerName> = { [_ in Name]: string } & {
  [_ in Exclude<CustomerName, Name>]?: null | undefined;
};

/** A cart to be inserted. It names its customer by one of `customerId`, `accessCode` and `barcode`. */
export type NewCart = NewCartMembers & (NamedBy<'customerId'> | NamedBy<'accessCode'> | NamedBy<'barcode'>);

/** The members of a {@link NewCart}. */
export interface NewCartMembers {
  /**
   * What the customer is asked to pay: whole krónur, from 1 to 2,147,483,647. A database's text is read as well; it is not of
   * this type, since text is as likely to come from a form.
   */
  amount: number | bigint | DecimalLike;
  /** The shop's order id, without control characters. */
  reference: string;
  /** Who is asked: a phone number, a kennitala (10 digits), or the code in the customer's app. Spaces and hyphens may stand. */
  customerId?: string | null | undefined;
  /** A code that the customer was given, which pays at once: 10 digits. Of V2, whose ten digits are no kennitala. */
  accessCode?: string | null | undefined;
  /** What a till scans from the customer's app, which pays at once. Of V2. */
  barcode?: string | null | undefined;
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

/** The options of {@link Client.findByReference}. */
export interface FindOptions extends CallOptions {
  /** The order's amount in whole krónur, which the cart must have. */
  amount: NewCart['amount'];
}

/** The options of {@link Client.refundCart}. */
export interface RefundOptions extends CallOptions {
  /**
   * The shop's name of this refund: 1 to 100 characters that print. Netgíró processes one refund for each key. Make the key
   * of what the refund is, such as the order and the line that comes back, store it before the call, and use the same key,
   * amount and cart when you try again.
   */
  idempotencyKey: string;
  /** Shown in Netgíró's merchant portal. */
  description?: string | null | undefined;
}

/** A hosted checkout to be created. */
export interface NewCheckout {
  /** What the customer is asked to pay: whole krónur, as of {@link NewCart}. */
  amount: NewCart['amount'];
  /** The shop's order id, without control characters. */
  reference: string;
  /** Where the customer's browser goes after paying. An absolute URL. */
  successUrl: string;
  /** Where the customer's browser goes after canceling. An absolute URL. */
  cancelUrl: string;
  /** Where Netgíró reports that the customer paid. With it, the 2xx of this URL makes the payment. An absolute URL. */
  callbackUrl?: string | null | undefined;
  /** Whether the money is held until the shop captures it. Default false. */
  manualCapture?: boolean | null | undefined;
}

/** The order that a redirect must be about, as far as it is known. */
export interface RedirectOrder {
  /** The order's amount, in whole krónur. */
  amount?: AmountLike | null | undefined;
  /** The order's reference. */
  reference?: string | null | undefined;
}

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
   * call. It may be asynchronous: then its calls follow one another, and the wait ends when the last is over. What it throws
   * or rejects with ends the wait.
   */
  onUpdate?: ((state: CartState) => unknown) | null | undefined;
}

/** The options that bulk calls have in common. */
export interface BulkOptions extends CallOptions {
  /**
   * How many checks may be in flight at a time. Default 32; for `waitMany` up to 256 where its carts need more to be checked
   * in time.
   */
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
   * Called after each answer with how many carts of how many are done, in the asynchronous context of the call. It may be
   * asynchronous: then its calls follow one another, and the call ends when the last is over. What it throws or rejects with
   * ends the call.
   */
  onProgress?: ((done: number, total: number) => unknown) | null | undefined;
}

/** The options of {@link Client.checkMany}. */
export interface CheckManyOptions extends BulkOptions {
  /**
   * For how long after its first check a cart is checked again where the check failed in a way that may pass, in
   * milliseconds. Default 30,000; 0 asks once.
   */
  retryForMs?: number | null | undefined;
}

/** The options of {@link Client.waitMany}. */
export interface WaitManyOptions extends WaitOptions, BulkOptions {}

/** Which settlements to ask for. */
export interface SettlementDays {
  /** The first day: a `Date`, or text such as `2026-01-31`. */
  dateFrom: Date | string;
  /** The last day. */
  dateTo: Date | string;
  /** The number of the one that is wanted. Default: all of them. */
  settlementNumber?: string | null | undefined;
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
  /** Refuses a callback that was accepted before. Asked last: what is refused otherwise is never recorded. */
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

