// A callback route, whatever the framework: what the core asks for is done, by the shop's functions, until there is an answer.

import { AsyncResource } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { has, members, order as orderOf, type Table, types } from '../internal/arguments.js';
import { open } from '../internal/calls.js';
import { ConfigurationError, InvalidRequestError } from '../internal/errors.js';
import {
  type CartRefView,
  native as compiled,
  type NativeRoute,
  type ReplayKey,
  type RouteAction,
  type RouteAnswerView,
  type RouteLimits,
  type RouteOutcome,
} from '../internal/native.js';
import { replayKey } from '../internal/results.js';
import type { Callback } from '../values.js';
import { FollowUps } from './followup.js';
import { type CallbackOptions, type CallbackOrder, type CallbackProblem, OPTIONS } from './options.js';

const { text } = types;

let knownLimits: RouteLimits | undefined;

/** The largest body that is read (Netgíró's are below 1 KiB), and the answers that need no request. */
function limits(): RouteLimits {
  return (knownLimits ??= open(compiled.routeLimits()));
}

/** A callback's request: its parts, and the framework's own object. */
interface RouteRequest<Request> {
  readonly method: string | undefined;
  readonly headers: readonly string[];
  /** Reads the body. */
  readonly body: () => Promise<Uint8Array>;
  readonly native: Request;
}

/** What to answer. */
interface RouteAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly says: string;
  /** To be called when the answer has left, or cannot any more. */
  readonly sent: () => void;
}

/** The answer is `status`, and nothing has changed. The message is for the shop; only what `says` is answered. */
export class Refusal extends Error {
  readonly status: number;
  readonly says: string | undefined;

  constructor(status: number, message: string, { says, cause }: { says?: string; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Refusal';
    this.status = status;
    this.says = says;
  }
}

/** The codes of what a callback is refused for that is not to be believed. */
const UNBELIEVED: unknown[] = ['signature', 'protocol'];

/** What is known of a callback so far, and what was thrown last. */
interface Delivery {
  body?: Uint8Array;
  callback?: Callback;
  cart?: CartRefView;
  cause?: unknown;
}

export class Webhook<Request, Options extends CallbackOptions<Request>> {
  #options: Options;
  #route: NativeRoute;
  #followUps: FollowUps;

  constructor(where: string, options: unknown, more: Table = {}) {
    this.#options = members(where, options, { ...OPTIONS, ...more }, ConfigurationError) as unknown as Options;
    const { client: asked, settled, ledger: claims } = this.#options;
    if (text.fits(this.#options.url) && !URL.canParse(this.#options.url)) {
      throw new ConfigurationError(`${where}: url must be the absolute URL that insertCart is given as callbackUrl`);
    }
    const onError = (error: unknown, about: CallbackProblem) => this.#report(error, about);
    // Once it is known, no request can fail to get an answer.
    limits();
    this.#route = new compiled.NativeRoute(Boolean(this.#options.replayGuard));
    this.#followUps = new FollowUps({ client: asked, settled, ledger: claims, onError });
  }

  /** The options, those of the framework among them. */
  get options(): Options {
    return this.#options;
  }

  /** Decides about a request. */
  async answer(request: RouteRequest<Request>): Promise<RouteAnswer> {
    const delivery: Delivery = {};
    const { status, text: says, header, reason } = await this.#decided(request, delivery);
    const { callback, cart, cause } = delivery;
    const headers = Object.fromEntries(header === null ? [] : [header]);
    if (status === 200 && callback && cart) {
      return { status, headers, says, sent: () => this.#followUps.start({ callback, cart }) };
    }
    const refusal = cause instanceof Refusal ? cause : new Refusal(status, reason, { cause });
    this.#report(refusal.cause ?? refusal, { status, transactionId: callback?.transactionId ?? null });
    return { status, headers, says: refusal.says ?? says, sent: () => {} };
  }

  /** Gives up what would have to be tried again, and waits for what is being done. */
  async close(): Promise<void> {
    await this.#followUps.close();
  }

  async #decided(request: RouteRequest<Request>, delivery: Delivery): Promise<RouteAnswerView> {
    try {
      const steps = this.#route.request(String(request.method));
      let next = open(steps.standing());
      while (next.action !== 'answer') {
        const outcome = await this.#outcome(next.action, request, delivery);
        next = open(steps.step(JSON.stringify(outcome)));
      }
      return next.answer;
    } catch (cause) {
      delivery.cause = cause;
      return limits().failed;
    }
  }

  /** Does what the core asks for, and gives the outcome. */
  async #outcome(action: RouteAction, request: RouteRequest<Request>, delivery: Delivery): Promise<RouteOutcome> {
    try {
      if (action === 'read_body') {
        delivery.body = await request.body();
        return { body: delivery.body.length };
      }
      if (action === 'verify') return this.#verified(request, delivery);
      // Of what follows, nothing is asked for before a callback has verified.
      return await this.#perform(action, delivery.callback as Callback, delivery);
    } catch (cause) {
      if (action === 'forget') this.#report(cause, { status: null, transactionId: null });
      else delivery.cause = cause;
      if (cause instanceof Refusal) return { refused: [cause.status, cause.message] };
      // Not by its class: the client may be of another copy of this package.
      const isRejected = action === 'verify' && UNBELIEVED.includes((cause as { code?: unknown } | null | undefined)?.code);
      return isRejected ? { rejected: why(cause) } : { failed: why(cause) };
    }
  }

  #verified({ headers, native }: RouteRequest<Request>, delivery: Delivery): RouteOutcome {
    const { client, replayGuard } = this.#options;
    const url = typeof this.#options.url === 'function' ? this.#options.url(native) : this.#options.url;
    const callback = client.verifyCallback({ url, headers, body: delivery.body ?? Buffer.alloc(0) });
    delivery.callback = callback;
    const signature = replayGuard ? (replayKey(callback)?.[1] ?? null) : null;
    return { verified: { cart: callback.transactionId, amount: callback.amount, reference: callback.reference, signature } };
  }

  async #perform(
    action: Exclude<RouteAction, 'read_body' | 'verify'>,
    callback: Callback,
    delivery: Delivery,
  ): Promise<RouteOutcome> {
    const { replayGuard } = this.#options;
    // The guard is asked, and has to forget, of what has a key alone.
    const key = () => replayKey(callback) as ReplayKey;
    if (action === 'find_order') {
      const found = await this.#options.order(callback);
      return usable(delivery, () => expected(found, callback, delivery));
    }
    if (action === 'ask_guard') {
      const isFirst: unknown = await replayGuard?.isFirst(...key());
      return usable(delivery, () => {
        if (typeof isFirst !== 'boolean') throw new ConfigurationError('replayGuard.isFirst must give true or false');
        return { first: isFirst };
      });
    }
    if (action === 'record') await this.#options.record?.(callback);
    else if (has(replayGuard, 'forget')) await replayGuard?.forget?.(...key());
    else return { failed: 'it has no function forget' };
    return 'done';
  }

  #report(error: unknown, about: CallbackProblem): void {
    const { onError } = this.#options;
    try {
      (onError ?? warn)(error, about);
    } catch (failure) {
      warn(failure, about);
    }
  }
}

/** Reads what the shop's function has given; where it cannot be read, it is no use to ask for it again. */
function usable(delivery: Delivery, read: () => RouteOutcome): RouteOutcome {
  try {
    return read();
  } catch (cause) {
    delivery.cause = cause;
    return { unusable: why(cause) };
  }
}

/** What the order says, as the core reads it: a database gives amounts as numbers, text or decimal objects. */
function expected(order: CallbackOrder | null | undefined, callback: Callback, delivery: Delivery): RouteOutcome {
  if (order === null || order === undefined) return { order: null };
  const known = orderOf(order, callback.transactionId);
  try {
    delivery.cart = open(compiled.readCart(known));
  } catch (cause) {
    // Of another currency, say: no callback names it. What is no number is a fault of the shop's function.
    if (!Number.isFinite(Number(order.amount))) throw cause;
    delivery.cause = cause;
    return { not_kronur: why(cause) };
  }
  const { transactionId, amount, reference } = delivery.cart;
  if (amount === null || reference === null) throw new InvalidRequestError('an order must have an amount and a reference');
  return { order: { cart: transactionId, amount, reference } };
}

/** The message of whatever was thrown, without the halves of characters that JSON is refused for. */
function why(error: unknown): string {
  return Buffer.from(String(messageOf(error))).toString();
}

/** Reads a body, and no further than to where it is too large. */
export function readBody(stream: Readable, contentLength: string | undefined): Promise<Uint8Array> {
  const { maxBody, tooLarge } = limits();
  const refusal = () => new Refusal(tooLarge.status, tooLarge.reason);
  return new Promise((resolve, reject) => {
    if (Number(contentLength) > maxBody) {
      reject(refusal());
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const listeners = {
      data: (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > maxBody) finish(() => reject(refusal()));
      },
      end: () => finish(() => resolve(Buffer.concat(chunks))),
      error: (cause: unknown) => finish(() => reject(new Refusal(400, 'the body broke off', { cause }))),
      close: () => finish(() => reject(new Refusal(400, 'the body broke off'))),
    };
    const finish = (settle: () => void) => {
      for (const [event, listener] of Object.entries(listeners)) stream.off(event, listener);
      // Whoever hangs up in the middle is nobody's error any more.
      stream.on('error', () => {});
      stream.pause();
      settle();
    };
    for (const [event, listener] of Object.entries(listeners)) stream.on(event, listener);
  });
}

/**
 * Calls `next` when a response has been sent, or its connection is gone: where the request was answered, since a connection
 * is shared by requests.
 */
export function whenSent(response: ServerResponse, then: () => void): void {
  const next = AsyncResource.bind(then);
  const once = () => {
    response.off('finish', once).off('close', once);
    setImmediate(next);
  };
  if (response.writableFinished || response.destroyed) setImmediate(next);
  else response.once('finish', once).once('close', once);
}

function warn(error: unknown, { status, transactionId }: CallbackProblem): void {
  const what = transactionId === null ? 'a callback' : `the callback for cart ${transactionId}`;
  const came = status === null ? 'after its answer' : `answered ${status}`;
  const isOurs = error instanceof Error && (status === null || status >= 500);
  const detail = isOurs && error.stack !== undefined ? { detail: error.stack } : {};
  process.emitWarning(`${what}, ${came}: ${messageOf(error) ?? String(error)}`, { type: 'NetgiroWarning', ...detail });
}

/** The message of whatever was thrown. */
function messageOf(error: unknown): string | undefined {
  return (error as { message?: string } | null | undefined)?.message;
}
