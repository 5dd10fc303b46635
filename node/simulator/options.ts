// What a simulator is given, and what it tells of carts, requests and callbacks.

import { member, type Names, nullable, options as declared, required, types } from '../internal/arguments.js';
import type { CartStatus, ConfirmationType, Endpoint } from '../values.js';

const { anything, flag, number, plain, text, textOrNumber, texts, whole } = types;

const certificate = member<boolean | Record<string, unknown>>(
  'true, false, or { certificate, key }, both as PEM',
  (value) => flag.fits(value) || plain.fits(value),
);

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
  tls?:
    | boolean
    | {
        /** The certificate and those that it was signed with, as PEM. */
        certificate: string;
        /** Its private key, as PEM. */
        key: string;
      }
    | null
    | undefined;
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
  /**
   * The HTTP status with which V2 refuses what a transaction does not allow. Requests that are incomplete or malformed always
   * get 400. Default 400.
   */
  v2RefusalStatus?: 200 | 400 | null | undefined;
  /** Whether V2 answers 404 for a transaction that it does not know. Default false: `v2RefusalStatus`. */
  unknownTransactionIs404?: boolean | null | undefined;
  /**
   * What V2 answers to a refund with a key, an amount and a transaction that it has processed before: the first answer again,
   * or a refusal. Default `repeat`.
   */
  repeatedRefund?: 'repeat' | 'refuse' | null | undefined;
  /** What V2 answers to a capture of what is captured already: the first answer again, or a refusal. Default `refuse`. */
  repeatedCapture?: 'repeat' | 'refuse' | null | undefined;
  /** What V2 answers to a cancel of what is canceled already: the first answer again, or a refusal. Default `refuse`. */
  repeatedCancel?: 'repeat' | 'refuse' | null | undefined;
  /** How long V2 holds money that is not captured, in milliseconds of the simulator's clock. Default 604,800,000: 7 days. */
  holdLifetimeMs?: number | null | undefined;
  /** The poll hint of V2's pending sales, as on the wire: null, zero and negative numbers are sent as they are. Default 2,000. */
  pollIntervalMs?: number | null | undefined;
  /** Decimals of the amount that the signature of V2's callbacks covers. Default 0. */
  callbackSignatureDecimals?: 0 | 1 | 2 | null | undefined;
  /** Whether the hosted checkout's callbacks are a form with a signature in it. Default false: V2's JSON. */
  hostedCallbackAsForm?: boolean | null | undefined;
  /**
   * What V1's `payment/GetByReference` sees: every cart, those whose customer has accepted, or nothing, since the API no longer
   * has it. Default `carts`.
   */
  referenceLookup?: 'carts' | 'payments' | 'off' | null | undefined;
  /** Whether callbacks of a checkout that a form opened are sent with GET. Default false: they are posted. */
  formCallbackAsGet?: boolean | null | undefined;
  /** Whether V2 refuses to refund a sale whose settlement is made up. Default false. */
  refuseSettledRefunds?: boolean | null | undefined;
}

/** @internal */
export const OPTIONS = declared({
  seed: number,
  port: number,
  appKey: text,
  secretKey: text,
  lifetimeMs: number,
  // Null means something for the hints alone: the server gives none.
  checkIntervalMs: nullable(number),
  decimals: number,
  responseSignatures: text,
  unknownCartCode: number,
  rejectRepeatedNonce: flag,
  minimumAmount: number,
  reactionMs: number,
  callbackRetryDelayMs: number,
  callbackTimeoutMs: number,
  history: number,
  latencyMs: number,
  publicUrl: text,
  shop: text,
  tls: certificate,
  callbackHosts: texts,
  settlementCost: number,
  requireConfirmationType: flag,
  requireJsonNumbers: flag,
  omitPaymentInfo: flag,
  staleReads: number,
  v2RefusalStatus: number,
  unknownTransactionIs404: flag,
  repeatedRefund: text,
  repeatedCapture: text,
  repeatedCancel: text,
  holdLifetimeMs: number,
  pollIntervalMs: nullable(number),
  callbackSignatureDecimals: number,
  hostedCallbackAsForm: flag,
  referenceLookup: text,
  formCallbackAsGet: flag,
  refuseSettledRefunds: flag,
} satisfies Names<SimulatorOptions>);

/** @internal */
export const CERTIFICATE = declared({ certificate: required(text), key: required(text) });

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

/** @internal */
export const FAULT = declared({
  count: whole,
  refuseMs: whole,
  confirmDuring: flag,
  processed: flag,
  delayMs: whole,
  drop: text,
  dropBy: text,
  status: whole,
  resultCode: whole,
  retryAfter: textOrNumber,
  headers: plain,
  headerBytes: whole,
  body: anything,
  bodyAs: text,
  padding: whole,
  dripMs: whole,
  signature: text,
} satisfies Names<Fault>);

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

/** @internal */
export const STORM = declared({
  seed: number,
  failureRate: number,
  reactionMs: number,
} satisfies Names<Storm>);

/** A cart as the simulator holds it. */
export interface SimulatedCart {
  /** Netgíró's id of the cart: a GUID in lower case. */
  readonly transactionId: string;
  /** The shop's order id, as inserted. */
  readonly reference: string;
  /** The amount in whole krónur. */
  readonly amount: number;
  /** Who is asked, as inserted. */
  readonly customerId: string;
  /** Where the cart stands. */
  readonly status: CartStatus;
  /** Whether the cart is paid. */
  readonly isPaid: boolean;
  /** Whether it is canceled because its time ran out; Netgíró's answers say "canceled" alone. */
  readonly isTimedOut: boolean;
  /** The result code that CheckCart answers. */
  readonly resultCode: number;
  /** Who creates the payment. */
  readonly confirmationType: ConfirmationType;
  /** When it was inserted, on the simulator's clock: ISO 8601. */
  readonly created: string;
  /** Until when it waits for its customer: ISO 8601. */
  readonly expiresAt: string;
  /** The code in the customer's SMS; null unless the customer was named by kennitala. */
  readonly smsCode: string | null;
  /** How often CheckCart asked for it. */
  readonly checks: number;
  /** What was captured over V2, in krónur; null if nothing was. */
  readonly captured: number | null;
  /** Its refunds, in the order in which they were made. */
  readonly refunds: readonly SimulatedRefund[];
  /** The sum of its refunds, in krónur. */
  readonly refunded: number;
}

/** A refund of a part or all of a payment. */
export interface SimulatedRefund {
  /** The amount in krónur. */
  readonly amount: number;
  /** The shop's key, under which a refund is made once; empty for V1's `Payment/Change`, which has none. */
  readonly idempotencyKey: string;
  /** The shop's description. */
  readonly description: string | null;
  /** When it was made, on the simulator's clock: ISO 8601. */
  readonly refundedAt: string;
}

/** A request as it arrived at the simulator, and what became of it. */
export interface SimulatedRequest {
  /** What was called; null for a path the API does not have. */
  readonly endpoint: Endpoint | null;
  /** The cart it names; null for InsertCart and for settlements. */
  readonly transactionId: string | null;
  /** The HTTP method. */
  readonly method: string;
  /** The path, as it arrived. */
  readonly path: string;
  /** By name, in lower case. The value of `token`, which is the secret key, is left out. */
  readonly headers: { readonly [name: string]: string };
  /** The body, as text. */
  readonly body: string;
  /** The nonce of its headers; null where it has none. */
  readonly nonce: string | null;
  /** Whether its application key and signature were right; with V2 the key, with the Partner API the token. */
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
  /** The cart it is about. */
  readonly transactionId: string;
  /** Where it was sent. */
  readonly url: string;
  /** 1, or 2 for the repetition. */
  readonly attempt: number;
  /** The HTTP status of the answer; null when there was none, or not yet. */
  readonly status: number | null;
  /** Whether this attempt is over. */
  readonly isDone: boolean;
  /** Its headers. */
  readonly headers: { readonly [name: string]: string };
  /** Its body. */
  readonly body: string;
  /** When it was sent, on the simulator's clock: ISO 8601. */
  readonly at: string;
}
