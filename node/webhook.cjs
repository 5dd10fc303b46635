'use strict';
// A callback route, whatever the framework: what the core asks for is done, by the shop's functions, until there is an answer.

const { AsyncResource } = require('node:async_hooks');
const { ConfigurationError } = require('./errors.cjs').classes;
const { members, order: orderOf, required, types } = require('./arguments.cjs');
const { native: compiled, open } = require('./native.cjs');
const { replayKey } = require('./results.cjs');
const { FollowUps } = require('./settling.cjs');

const { client, fn, guard, text } = types;

/** The largest body that is read; Netgíró's are below 1 KiB. */
const MAX_BODY = 64 * 1024;

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
  constructor(status, message, { says, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Refusal';
    this.status = status;
    this.says = says;
  }
}

class Webhook {
  #options;
  #route;
  #followUps;

  constructor(where, options, more = {}) {
    this.#options = members(where, options, { ...OPTIONS, ...more }, ConfigurationError);
    const { client: asked, settled, ledger: claims } = this.#options;
    if (text.fits(this.#options.url) && !URL.canParse(this.#options.url)) {
      throw new ConfigurationError(`${where}: url must be the absolute URL that insertCart is given as callbackUrl`);
    }
    const onError = (error, about) => this.#report(error, about);
    this.#route = new compiled.NativeRoute(this.#options.replayGuard !== undefined);
    this.#followUps = new FollowUps({ client: asked, settled, ledger: claims, onError });
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
    /** What is known of the callback so far, and what was thrown last. */
    const delivery = { callback: undefined, cart: undefined, cause: undefined };
    let answer;
    try {
      const steps = this.#route.request(request.method);
      let standing = open(steps.standing());
      while (standing.action !== 'answer') {
        const outcome = await this.#outcome(standing.action, request, delivery);
        standing = open(steps.step(JSON.stringify(outcome)));
      }
      ({ answer } = standing);
    } catch (error) {
      delivery.cause = error;
      answer = { status: 500, text: 'this route fails: see the log of the shop', header: null };
    }
    const { status, header, reason } = answer;
    const { callback, cart, cause = new Refusal(status, reason) } = delivery;
    const headers = Object.fromEntries(header === null ? [] : [header]);
    if (status === 200) return { status, headers, says: '', sent: () => this.#followUps.start({ callback, cart }) };
    const refusal = cause instanceof Refusal ? cause : new Refusal(status, reason, { cause });
    this.#report(refusal.cause ?? refusal, { status, transactionId: callback?.transactionId ?? null });
    return { status, headers, says: refusal.says ?? answer.text, sent: () => {} };
  }

  /** Gives up what would have to be tried again, and waits for what is being done. */
  async close() {
    await this.#followUps.close();
  }

  /** Does what the core asks for, and gives what came of it. */
  async #outcome(action, request, delivery) {
    try {
      return await this.#done(action, request, delivery);
    } catch (error) {
      if (action === 'forget') {
        this.#report(error, { status: null, transactionId: null });
        return { failed: `${error?.message}` };
      }
      delivery.cause = error;
      if (error instanceof Refusal) return { refused: [error.status, error.message] };
      // Not by its class: the client may be of another copy of this package.
      if (action === 'verify' && ['signature', 'protocol'].includes(error?.code)) return { rejected: error.message };
      return { failed: `${error?.message}` };
    }
  }

  async #done(action, { headers, body, native }, delivery) {
    const { client: verifier, url: given, order, record, replayGuard } = this.#options;
    const { callback } = delivery;
    if (action === 'read_body') {
      delivery.body = await body();
      return { body: delivery.body.length };
    }
    if (action === 'verify') {
      const registered = fn.fits(given) ? given(native) : given;
      const verified = verifier.verifyCallback({ url: registered, headers, body: delivery.body });
      delivery.callback = verified;
      delivery.key = replayKey(verified, replayGuard !== undefined);
      const { transactionId, amount, reference } = verified;
      return { verified: { cart: transactionId, amount, reference, signature: delivery.key[1] } };
    }
    if (action === 'find_order') return this.#usable(delivery, expected(await order(callback), delivery));
    if (action === 'ask_guard') {
      const isFirst = await replayGuard.isFirst(...delivery.key);
      return this.#usable(delivery, () => {
        if (typeof isFirst !== 'boolean') throw new ConfigurationError('replayGuard.isFirst must give true or false');
        return { first: isFirst };
      });
    }
    if (action === 'record') await record?.(callback);
    else if (fn.fits(replayGuard.forget)) await replayGuard.forget(...delivery.key);
    else return { failed: 'it has no function forget' };
    return 'done';
  }

  /** What the shop's function has given, read; it is no use to ask for it again where it cannot be. */
  #usable(delivery, read) {
    try {
      return read();
    } catch (cause) {
      delivery.cause = cause;
      return { unusable: `${cause?.message}` };
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

/** What the order says, as the core reads it: a database gives amounts as numbers, text or decimal objects. */
const expected = (order, delivery) => () => {
  if (order === null || order === undefined) return { order: null };
  const known = orderOf(order, delivery.callback.transactionId);
  try {
    delivery.cart = open(compiled.readCart(known));
  } catch (cause) {
    // Of another currency, say: no callback names it. What is no number is a fault of the shop's function.
    if (!Number.isFinite(Number(order.amount))) throw cause;
    delivery.cause = cause;
    return { not_kronur: cause.message };
  }
  const { transactionId, amount, reference } = delivery.cart;
  return { order: { cart: transactionId, amount, reference } };
};

function tooLarge() {
  return new Refusal(413, `its body is larger than ${MAX_BODY} bytes`);
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
