'use strict';
// The compiled half: found and loaded; calls into it, and what comes back.

const { AsyncResource } = require('node:async_hooks');
const { channel } = require('node:diagnostics_channel');
const { fromFacts } = require('./errors.cjs');

/**
 * Outside of any request: where the compiled half is loaded, and where the port is made. Both live as long as the process, and
 * Node keeps with each the context for `AsyncLocalStorage` that it was made in. That of the process's first request would be
 * everybody's context whenever the compiled half tells something, and its store would never be freed. This one is made when the
 * package is loaded; what it has from a request that loads the package (Node keeps it under symbols) is let go of.
 */
const outside = new AsyncResource('Netgiro');
for (const symbol of Object.getOwnPropertySymbols(outside)) {
  if (['context_frame', 'kResourceStore'].includes(symbol.description)) outside[symbol] = undefined;
}

const native = outside.runInAsyncScope(load);

function load() {
  const files = platforms().map((platform) => `netgiro.${platform}.node`);
  let failure;
  for (const file of files) {
    try {
      return require(`./${file}`);
    } catch (error) {
      // One that is there and cannot be loaded says more than one that is not there.
      if (failure === undefined || error.code !== 'MODULE_NOT_FOUND') failure = error;
    }
  }
  throw new Error(
    `netgiro has no compiled half for this platform: no ${files.join(' or ')} in ${__dirname} that can be loaded. ` +
      'Install the package on the platform it is to run on, or build it there with "npm run build".',
    { cause: failure },
  );
}

/** What this platform's file may be called. Which C library Linux has is quicker tried than found out. */
function platforms() {
  const { platform, arch } = process;
  if (platform === 'linux') return [`linux-${arch}-gnu`, `linux-${arch}-musl`];
  if (platform === 'win32') return [`win32-${arch}-msvc`];
  return [`${platform}-${arch}`];
}

// What a message means; the numbers are those of `runtime.rs`.
const VALUE = 0;
const ERROR = 1;
const EVENT = 2;
const REQUEST = 3;

const requests = channel('netgiro:request');
const polls = channel('netgiro:poll');
/** What the compiled half has last been told of subscribers. */
let heardRequests = false;
let heardPolls = false;

/** The calls under way: each is settled by its last message, or by an abort. */
const calls = new Map();
let lastCall = 0;
let port;

function deliver(text) {
  for (const [number, kind, payload] of JSON.parse(text)) {
    const pending = calls.get(number);
    if (pending === undefined) continue;
    if (kind === VALUE) end(number, pending).resolve(outcome(payload));
    else if (kind === ERROR) end(number, pending).resolve(outcome(undefined, payload));
    else if (kind === EVENT) tell(number, pending, payload);
    else publish(kind === REQUEST ? requests : polls, pending, payload);
  }
}

/** Subscribers hear of a call as if it were made where they listen: within the caller's spans, and its storage. */
function publish(topic, { context }, event) {
  if (!topic.hasSubscribers) {
    // The last one has left since.
    listening();
    return;
  }
  Object.freeze(event);
  if (context) context.runInAsyncScope(() => topic.publish(event));
  else topic.publish(event);
}

/** Whether anybody has subscribed; the compiled half hears of it when that changes. */
function listening() {
  const { hasSubscribers: toRequests } = requests;
  const { hasSubscribers: toPolls } = polls;
  if (toRequests !== heardRequests || toPolls !== heardPolls) {
    heardRequests = toRequests;
    heardPolls = toPolls;
    port.listen(toRequests, toPolls);
  }
  return toRequests || toPolls;
}

function tell(number, pending, event) {
  try {
    pending.onEvent?.(event);
  } catch (error) {
    // What the caller's own function throws ends the call it was given to.
    port.cancel(number);
    end(number, pending).reject(error);
  }
}

function end(number, pending) {
  calls.delete(number);
  pending.unsubscribe?.();
  if (calls.size === 0) port.hold(false);
  return pending;
}

/** How a call ended. All members are its own, whatever anybody has added to `Object.prototype`. */
function outcome(value, facts = undefined, stopped = false) {
  return { value, facts, stopped };
}

/**
 * Starts a call: `start(port, number)` gives null, or the JSON text of why it was refused.
 * Resolves to `{ value }`, `{ facts }`, or `{ stopped }` after `control.stop()`; rejects when aborted.
 */
function begin(signal, onEvent, start, control) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    port ??= outside.runInAsyncScope(() => new native.Port(deliver));
    do lastCall = (lastCall + 1) >>> 0;
    while (calls.has(lastCall));
    const number = lastCall;
    const heard = listening();
    const refusal = start(port, number);
    if (refusal !== null) {
      resolve(outcome(undefined, answered(refusal).error));
      return;
    }
    const context = heard ? new AsyncResource('NetgiroCall') : undefined;
    const pending = { resolve, reject, onEvent, context, unsubscribe: undefined };
    calls.set(number, pending);
    if (calls.size === 1) port.hold(true);
    if (control) {
      control.stop = () => {
        if (calls.get(number) !== pending) return;
        port.cancel(number);
        end(number, pending).resolve(outcome(undefined, undefined, true));
      };
    }
    if (signal) {
      pending.unsubscribe = whenAborted(signal, () => {
        const dropped = port.cancel(number);
        end(number, pending).reject(dropped === null ? signal.reason : outcomeUnknown(signal.reason, dropped, pending));
      });
    }
  });
}

/** Whether a signal's reason, which may be anything and of another realm, is that of `AbortSignal.timeout`. */
function hasTimedOut(reason) {
  try {
    return reason?.name === 'TimeoutError';
  } catch {
    return false;
  }
}

/**
 * What an aborted InsertCart rejects with when the customer may have been asked: an error of its own, since the
 * signal's reason is also others'.
 */
function outcomeUnknown(reason, dropped, pending) {
  const { error, event } = answered(dropped);
  if (event) publish(requests, pending, event);
  const aborted = new DOMException(
    'The call was aborted, and the customer may have been asked: see its cause',
    hasTimedOut(reason) ? 'TimeoutError' : 'AbortError',
  );
  const cause = fromFacts(error);
  // Also where nobody listens, and nobody awaits the call: somebody must look.
  process.emitWarning(cause.message, { type: 'NetgiroWarning', code: cause.code });
  // Not enumerable, as an error's own cause is not.
  Object.defineProperty(cause, 'cause', { value: reason, configurable: true, writable: true });
  Object.defineProperty(aborted, 'cause', { value: cause, configurable: true, writable: true });
  return aborted;
}

/**
 * A call's value. The error is made here, after the wait, so that its stack names who awaited the call.
 */
async function call(signal, onEvent, start) {
  const { value, facts } = await begin(signal, onEvent, start);
  if (facts) throw fromFacts(facts);
  return value;
}

/** The members of an answer's text, and none that somebody has added to `Object.prototype`. */
function answered(json) {
  return { __proto__: null, ...JSON.parse(json) };
}

/** The value of a synchronous answer. */
function open(reply) {
  const { value, error } = answered(reply);
  if (error) throw fromFacts(error);
  return value;
}

/** A native object, where the answer is not the text of why there is none. */
function made(reply) {
  return typeof reply === 'string' ? open(reply) : reply;
}

const listeners = new WeakMap();

/** Calls `action` when the signal aborts. One listener serves all calls of a signal: Node warns of more than ten. */
function whenAborted(signal, action) {
  let entry = listeners.get(signal);
  if (entry === undefined) {
    const actions = new Set();
    entry = {
      actions,
      listener: () => {
        listeners.delete(signal);
        for (const each of [...actions]) each();
      },
    };
    listeners.set(signal, entry);
    signal.addEventListener('abort', entry.listener, { once: true });
  }
  const { actions, listener } = entry;
  actions.add(action);
  return () => {
    actions.delete(action);
    if (actions.size === 0 && listeners.get(signal) === entry) {
      listeners.delete(signal);
      signal.removeEventListener('abort', listener);
    }
  };
}

module.exports = { native, begin, call, open, made };
