// What a callback route answers, whatever the framework: verify, match, record, and only then 200.

import { AsyncResource } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { has, members, order as orderOf, type Table, types } from '../internal/arguments.js';
import { open } from '../internal/calls.js';
import { ConfigurationError } from '../internal/errors.js';
import { native as compiled, type Question } from '../internal/native.js';
import type { Callback } from '../values.js';
import { type Accepted, Followup } from './followup.js';
import { type CallbackOptions, type CallbackOrder, type CallbackProblem, OPTIONS } from './options.js';

const { text } = types;

/** The largest body that is read; Netgíró's are below 1 KiB. */
const MAX_BODY = 64 * 1024;

/** How many callbacks are remembered that a guard let through and that could not be recorded. */
const MAX_UNRECORDED = 10_000;

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
  readonly status: keyof typeof SAYS;
  readonly says: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: keyof typeof SAYS,
    message: string,
    { says, headers = {}, cause }: { says?: string; headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Refusal';
    this.status = status;
    this.says = says ?? SAYS[status];
    this.headers = headers;
  }
}

/** The codes of what a callback is refused for that is not to be believed. */
const UNBELIEVED: unknown[] = ['signature', 'protocol'];

const SAYS = {
  400: 'refused',
  405: 'POST only',
  409: 'not accepted',
  413: 'too large',
  500: 'this route fails: see the log of the shop',
  503: 'not recorded, send it again',
};

export class Webhook<Request, Options extends CallbackOptions<Request>> {
  #options: Options;
  #followup: Followup;
  /** What the guard has let through, and recording failed for: signatures. */
  #unrecorded = new Set<string>();

  constructor(where: string, options: unknown, more: Table = {}) {
    this.#options = members(where, options, { ...OPTIONS, ...more }, ConfigurationError) as unknown as Options;
    const { client: asked, settled, ledger: claims } = this.#options;
    if (text.fits(this.#options.url) && !URL.canParse(this.#options.url)) {
      throw new ConfigurationError(`${where}: url must be the absolute URL that insertCart is given as callbackUrl`);
    }
    const onError = (error: unknown, about: CallbackProblem) => this.#report(error, about);
    this.#followup = new Followup({ client: asked, settled, ledger: claims, onError });
  }

  /** The options, those of the framework among them. */
  get options(): Options {
    return this.#options;
  }

  /** Decides about a request. */
  async answer(request: RouteRequest<Request>): Promise<RouteAnswer> {
    const about: { transactionId: string | null } = { transactionId: null };
    try {
      const accepted = await this.#accept(request, about);
      return { status: 200, headers: {}, says: '', sent: () => this.#followup.start(accepted) };
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, `the route failed: ${messageOf(error)}`, { cause: error });
      this.#report(refusal.cause ?? refusal, { status: refusal.status, transactionId: about.transactionId });
      return { status: refusal.status, headers: refusal.headers, says: refusal.says, sent: () => {} };
    }
  }

  /** Gives up what would have to be tried again, and waits for what is being done. */
  async close(): Promise<void> {
    await this.#followup.close();
  }

  async #accept(
    { method, headers, body, native }: RouteRequest<Request>,
    about: { transactionId: string | null },
  ): Promise<Accepted> {
    if (method !== 'POST') throw new Refusal(405, `${String(method)} on the callback route`, { headers: { Allow: 'POST' } });
    const bytes = await body();
    if (bytes.length > MAX_BODY) throw tooLarge();
    const { callback, question } = this.#verified(headers, bytes, native);
    about.transactionId = callback.transactionId;
    const order = matched(callback, await this.#asking('looking up the order', () => this.#options.order(callback)));
    await this.#letThrough(question);
    await this.#record(callback, question);
    return { callback, cart: order };
  }

  /** The callback, and what to ask a guard about it: only once it is known to be the shop's. */
  #verified(
    headers: readonly string[],
    body: Uint8Array,
    native: Request,
  ): { callback: Callback; question: Question } {
    const { url } = this.#options;
    const registered = typeof url === 'function' ? url(native) : url;
    let question: Question = ['', ''];
    const replayGuard = {
      isFirst: (...asked: Question) => {
        question = asked;
        return true;
      },
    };
    try {
      const callback = this.#options.client.verifyCallback({ url: registered, headers, body, replayGuard });
      return { callback, question };
    } catch (cause) {
      // Not by its class: the client may be of another copy of this package.
      if (!UNBELIEVED.includes((cause as { code?: unknown } | null)?.code)) throw cause;
      throw new Refusal(400, String(messageOf(cause)), { cause });
    }
  }

  /** Asks the guard, unless it has let this very callback through and recording it failed. */
  async #letThrough([nonce, signature]: Question): Promise<void> {
    const { replayGuard } = this.#options;
    if (!replayGuard || this.#unrecorded.delete(signature)) return;
    const isFirst: unknown = await this.#asking('asking the replay guard', () => replayGuard.isFirst(nonce, signature));
    if (isFirst === true) return;
    if (isFirst !== false) throw new ConfigurationError('replayGuard.isFirst must give true or false');
    throw new Refusal(409, 'it is a replay: it verifies, and was accepted before');
  }

  async #record(callback: Callback, question: Question): Promise<void> {
    try {
      await this.#options.record?.(callback);
    } catch (cause) {
      await this.#takeBack(question);
      throw new Refusal(503, `recording it failed: ${messageOf(cause)}`, { cause });
    }
  }

  /** Lets a callback through once more, since it is going to be sent once more. */
  async #takeBack([nonce, signature]: Question): Promise<void> {
    const { replayGuard } = this.#options;
    if (!replayGuard) return;
    if (has(replayGuard, 'forget')) {
      try {
        await replayGuard.forget?.(nonce, signature);
        return;
      } catch (error) {
        this.#report(error, { status: null, transactionId: null });
      }
    }
    this.#unrecorded.add(signature);
    const [oldest] = this.#unrecorded;
    if (this.#unrecorded.size > MAX_UNRECORDED && oldest !== undefined) this.#unrecorded.delete(oldest);
  }

  /** What the shop's database says; while it is down, Netgíró shall send the callback again. */
  async #asking<T>(what: string, ask: () => T | PromiseLike<T>): Promise<T> {
    try {
      return await ask();
    } catch (cause) {
      throw new Refusal(503, `${what} failed: ${messageOf(cause)}`, { cause });
    }
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

/** Compares a callback with the order; gives the cart that CheckCart is to be asked about. */
function matched(callback: Callback, order: CallbackOrder | null | undefined): Accepted['cart'] {
  if (order === null || order === undefined) {
    throw new Refusal(409, `the shop has no order for the cart ${callback.transactionId}`);
  }
  const known = readOrder(order, callback);
  const { transactionId, amount, reference } = known;
  if (amount === null || reference === null || !callback.matches(amount, reference)) {
    const [says, is] = [callback, known].map((of) => `"${of.reference}" for ${of.amount}`);
    throw new Refusal(409, `the callback says ${says}, the order is ${is}`);
  }
  if (transactionId !== callback.transactionId) {
    throw new Refusal(409, `the callback is about the cart ${callback.transactionId}, the order's is ${transactionId}`);
  }
  return known;
}

/** What the order says, as the core reads it: a database gives amounts as numbers, text or decimal objects. */
function readOrder(order: CallbackOrder, { transactionId }: Callback): Accepted['cart'] {
  const known = orderOf(order, transactionId);
  try {
    return open(compiled.readCart(known));
  } catch (cause) {
    // Of another currency, say: no callback names it. What is no number is a fault of the shop's function.
    if (!Number.isFinite(Number(order.amount))) throw cause;
    throw new Refusal(409, `the order is about no amount in whole krónur: ${messageOf(cause)}`, { cause });
  }
}

function tooLarge(): Refusal {
  // What is left of it is not read, so the connection has no future.
  return new Refusal(413, `its body is larger than ${MAX_BODY} bytes`, { headers: { Connection: 'close' } });
}

/** Reads a body, and no further than to where it is too large. */
export function readBody(stream: Readable, contentLength: string | undefined): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (Number(contentLength) > MAX_BODY) {
      reject(tooLarge());
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const listeners = {
      data: (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > MAX_BODY) finish(() => reject(tooLarge()));
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
