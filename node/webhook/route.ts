'use strict';
// What a callback route answers, whatever the framework: verify, match, record, and only then 200.

const { AsyncResource } = require('node:async_hooks');
const { ConfigurationError } = require('./errors.cjs').classes;
const { members, order: orderOf, required, types } = require('./arguments.cjs');
const { native: compiled, open } = require('./native.cjs');
const { Settling } = require('./settling.cjs');

const { client, fn, guard, text } = types;

/** The largest body that is read; Netgíró's are below 1 KiB. */
const MAX_BODY = 64 * 1024;

/** How many callbacks are remembered that a guard let through and that could not be recorded. */
const MAX_UNRECORDED = 10_000;

const ledger = {
  wanted: 'an object with the functions claim, release and done',
  fits: (value) => ['claim', 'release', 'done'].every((name) => fn.fits(value?.[name])),
};
const url = { wanted: 'a string or a function', fits: (value) => text.fits(value) || fn.fits(value) };

const OPTIONS = {
  client: required(client),
  url: required(url),
  order: required(fn),
  record: fn,
  settled: fn,
  replayGuard: guard,
  ledger,
  onError: fn,
};

/** The answer is `status`, and nothing has changed. The message is for the shop; only what `says` is answered. */
class Refusal extends Error {
  constructor(status, message, { says, headers = {}, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Refusal';
    this.status = status;
    this.says = says ?? SAYS[status];
    this.headers = headers;
  }
}

const SAYS = {
  400: 'refused',
  405: 'POST only',
  409: 'not accepted',
  413: 'too large',
  500: 'this route fails: see the log of the shop',
  503: 'not recorded, send it again',
};

class Webhook {
  #options;
  #settling;
  /** What the guard has let through, and recording failed for: signatures. */
  #unrecorded = new Set();

  constructor(where, options, more = {}) {
    this.#options = members(where, options, { ...OPTIONS, ...more }, ConfigurationError);
    const { client: asked, settled, ledger: claims } = this.#options;
    if (text.fits(this.#options.url) && !URL.canParse(this.#options.url)) {
      throw new ConfigurationError(`${where}: url must be the absolute URL that insertCart is given as callbackUrl`);
    }
    const onError = (error, about) => this.#report(error, about);
    this.#settling = new Settling({ client: asked, settled, ledger: claims, onError });
  }

  /** The options, those of the framework among them. */
  get options() {
    return this.#options;
  }

  /**
   * Decides about a request `{ method, headers, body, native }`, where `body` is a function that reads it. Gives
   * `{ status, headers, says, sent }`: call `sent` when the answer has left, or cannot any more.
   */
  async answer(request) {
    const about = { transactionId: null };
    try {
      const accepted = await this.#accept(request, about);
      return { status: 200, headers: {}, says: '', sent: () => this.#settling.start(accepted) };
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, `the route failed: ${error?.message}`, { cause: error });
      this.#report(refusal.cause ?? refusal, { status: refusal.status, transactionId: about.transactionId });
      return { status: refusal.status, headers: refusal.headers, says: refusal.says, sent: () => {} };
    }
  }

  /** Gives up what would have to be tried again, and waits for what is being done. */
  async close() {
    await this.#settling.close();
  }

  async #accept({ method, headers, body, native }, about) {
    if (method !== 'POST') throw new Refusal(405, `${method} on the callback route`, { headers: { Allow: 'POST' } });
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
  #verified(headers, body, native) {
    const registered = fn.fits(this.#options.url) ? this.#options.url(native) : this.#options.url;
    let question;
    const replayGuard = {
      isFirst: (...asked) => {
        question = asked;
        return true;
      },
    };
    try {
      const callback = this.#options.client.verifyCallback({ url: registered, headers, body, replayGuard });
      return { callback, question };
    } catch (cause) {
      // Not by its class: the client may be of another copy of this package.
      if (!['signature', 'protocol'].includes(cause?.code)) throw cause;
      throw new Refusal(400, cause.message, { cause });
    }
  }

  /** Asks the guard, unless it has let this very callback through and recording it failed. */
  async #letThrough([nonce, signature]) {
    const { replayGuard } = this.#options;
    if (replayGuard === undefined || this.#unrecorded.delete(signature)) return;
    const isFirst = await this.#asking('asking the replay guard', () => replayGuard.isFirst(nonce, signature));
    if (isFirst === true) return;
    if (isFirst !== false) throw new ConfigurationError('replayGuard.isFirst must give true or false');
    throw new Refusal(409, 'it is a replay: it verifies, and was accepted before');
  }

  async #record(callback, question) {
    try {
      await this.#options.record?.(callback);
    } catch (cause) {
      await this.#takeBack(question);
      throw new Refusal(503, `recording it failed: ${cause?.message}`, { cause });
    }
  }

  /** Lets a callback through once more, since it is going to be sent once more. */
  async #takeBack([nonce, signature]) {
    const { replayGuard } = this.#options;
    if (replayGuard === undefined) return;
    if (fn.fits(replayGuard.forget)) {
      try {
        await replayGuard.forget(nonce, signature);
        return;
      } catch (error) {
        this.#report(error, { status: null, transactionId: null });
      }
    }
    this.#unrecorded.add(signature);
    if (this.#unrecorded.size > MAX_UNRECORDED) this.#unrecorded.delete(this.#unrecorded.values().next().value);
  }

  /** What the shop's database says; while it is down, Netgíró shall send the callback again. */
  async #asking(what, ask) {
    try {
      return await ask();
    } catch (cause) {
      throw new Refusal(503, `${what} failed: ${cause?.message}`, { cause });
    }
  }

  #report(error, about) {
    const { onError = warn } = this.#options;
    try {
      onError(error, about);
    } catch (failure) {
      warn(failure, about);
    }
  }
}

/** Compares a callback with the order; gives the cart that CheckCart is to be asked about. */
function matched(callback, order) {
  if (order === null || order === undefined) {
    throw new Refusal(409, `the shop has no order for the cart ${callback.transactionId}`);
  }
  const known = readOrder(order, callback);
  const { transactionId, amount, reference } = known;
  if (!callback.matches(amount, reference)) {
    const [says, is] = [`"${callback.reference}" for ${callback.amount}`, `"${reference}" for ${amount}`];
    throw new Refusal(409, `the callback says ${says}, the order is ${is}`);
  }
  if (transactionId !== callback.transactionId) {
    throw new Refusal(409, `the callback is about the cart ${callback.transactionId}, the order's is ${transactionId}`);
  }
  return known;
}

/** What the order says, as the core reads it: a database gives amounts as numbers, text or decimal objects. */
function readOrder(order, { transactionId }) {
  const known = orderOf(order, transactionId);
  try {
    return open(compiled.readCart(known));
  } catch (cause) {
    // Of another currency, say: no callback names it. What is no number is a fault of the shop's function.
    if (!Number.isFinite(Number(order.amount))) throw cause;
    throw new Refusal(409, `the order is about no amount in whole krónur: ${cause.message}`, { cause });
  }
}

function tooLarge() {
  // What is left of it is not read, so the connection has no future.
  return new Refusal(413, `its body is larger than ${MAX_BODY} bytes`, { headers: { Connection: 'close' } });
}

/** Reads a body, and no further than to where it is too large. */
function readBody(stream, contentLength) {
  return new Promise((resolve, reject) => {
    if (Number(contentLength) > MAX_BODY) {
      reject(tooLarge());
      return;
    }
    const chunks = [];
    let size = 0;
    const listeners = {
      data: (chunk) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > MAX_BODY) finish(reject, tooLarge());
      },
      end: () => finish(resolve, Buffer.concat(chunks)),
      error: (cause) => finish(reject, new Refusal(400, 'the body broke off', { cause })),
      close: () => finish(reject, new Refusal(400, 'the body broke off')),
    };
    const finish = (settle, outcome) => {
      for (const [event, listener] of Object.entries(listeners)) stream.off(event, listener);
      // Whoever hangs up in the middle is nobody's error any more.
      stream.on('error', () => {});
      stream.pause();
      settle(outcome);
    };
    for (const [event, listener] of Object.entries(listeners)) stream.on(event, listener);
  });
}

/**
 * Calls `next` when a response has been sent, or its connection is gone: where the request was answered, since a connection
 * is shared by requests.
 */
function whenSent(response, then) {
  const next = AsyncResource.bind(then);
  const once = () => {
    response.off('finish', once).off('close', once);
    setImmediate(next);
  };
  if (response.writableFinished || response.destroyed) setImmediate(next);
  else response.once('finish', once).once('close', once);
}

function warn(error, { status, transactionId }) {
  const what = transactionId === null ? 'a callback' : `the callback for cart ${transactionId}`;
  const came = status === null ? 'after its answer' : `answered ${status}`;
  const detail = error instanceof Error && (status === null || status >= 500) ? error.stack : undefined;
  process.emitWarning(`${what}, ${came}: ${error?.message ?? error}`, { type: 'NetgiroWarning', detail });
}

module.exports = { Refusal, Webhook, readBody, whenSent };
