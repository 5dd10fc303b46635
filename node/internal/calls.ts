// Calls into the compiled half, and what comes back.

import { AsyncResource } from 'node:async_hooks';
import { type Channel, channel } from 'node:diagnostics_channel';
import type { AbortSignalLike } from '../options.js';
import { type Dropped, type ErrorView, type Made, native, outside, type Port, type Reply, type Started } from './native.js';
import { error as revive } from './revive.js';
import { own } from './stacks.js';

// What a message means; the numbers are those of `runtime/mod.rs`.
const VALUE = 0;
const ERROR = 1;
const EVENT = 2;
const REQUEST = 3;

type Message = readonly [call: number, kind: number, payload: unknown];

/** How a call ended: one of the three. */
export interface Outcome<T> {
  readonly value: T | undefined;
  readonly facts: ErrorView | undefined;
  readonly stopped: boolean;
}

/** Starts a call under a number. */
export type Start<T> = (port: Port, call: number) => Started<T>;

/** Stops a call, once it is in flight. */
export interface Control {
  stop?: () => void;
}

/** Takes an event, and gives what calls the caller's own function with it. */
type OnEvent<E> = ((event: E) => (() => unknown) | undefined) | undefined;

interface Pending {
  readonly resolve: (outcome: Outcome<never>) => void;
  readonly reject: (reason: unknown) => void;
  readonly onEvent: OnEvent<never>;
  readonly context: AsyncResource | undefined;
  unsubscribe: (() => void) | undefined;
  /** While a promise of the caller's function is awaited: its calls to come, and last the end of the call. */
  queue: (() => unknown)[] | undefined;
}

const requests = channel('netgiro:request');
const polls = channel('netgiro:poll');
/** What the compiled half has last been told of subscribers. */
let heardRequests = false;
let heardPolls = false;

/** The calls in flight: each is settled by its last message, or by an abort. */
const calls = new Map<number, Pending>();
let lastCall = 0;
let port: Port | undefined;
/** Whether the port is to be closed when no call is in flight. */
let isClosing = false;

/**
 * Closes the port once no call is in flight, which the close() of a client asks for: an open one keeps nothing running, but
 * test runners count it. The next call opens another.
 */
export function closePort(): void {
  isClosing = calls.size > 0;
  if (isClosing || port === undefined) return;
  port.close();
  port = undefined;
  heardRequests = heardPolls = false;
}

function deliver(text: string): void {
  for (const [number, kind, payload] of JSON.parse(text) as Message[]) {
    const pending = calls.get(number);
    if (pending === undefined) continue;
    if (kind === VALUE) conclude(number, pending, outcome(payload as never));
    else if (kind === ERROR) conclude(number, pending, outcome<never>(undefined, payload as ErrorView));
    else if (kind === EVENT) notify(number, pending, pending.onEvent?.(payload as never));
    else publish(kind === REQUEST ? requests : polls, pending, payload as object);
  }
}

/** Subscribers hear of a call as if it were made where they listen: within the caller's spans, and its storage. */
function publish(topic: Channel, { context }: Pending, event: object): void {
  if (!topic.hasSubscribers) {
    // The last one has left since.
    if (port) listening(port);
    return;
  }
  Object.freeze(event);
  if (context) context.runInAsyncScope(() => topic.publish(event));
  else topic.publish(event);
}

/** Whether anybody has subscribed; the compiled half hears of it when that changes. */
function listening(to: Port): boolean {
  const { hasSubscribers: toRequests } = requests;
  const { hasSubscribers: toPolls } = polls;
  if (toRequests !== heardRequests || toPolls !== heardPolls) {
    heardRequests = toRequests;
    heardPolls = toPolls;
    to.listen(toRequests, toPolls);
  }
  return toRequests || toPolls;
}

/** Ends a call once the caller's function is done with what it was called with. */
function conclude(number: number, pending: Pending, how: Outcome<never>): void {
  const settle = () => end(number, pending).resolve(how);
  if (pending.queue) pending.queue.push(settle);
  else settle();
}

/** Calls the caller's own function, one call after another where it gives promises. What it throws or rejects with ends the call. */
function notify(number: number, pending: Pending, action: (() => unknown) | undefined): void {
  if (action === undefined) return;
  if (pending.queue) {
    pending.queue.push(action);
    return;
  }
  const fail = (error: unknown) => {
    if (calls.get(number) !== pending) return;
    port?.cancel(number);
    end(number, pending).reject(error);
  };
  try {
    const given = action();
    if (!isThenable(given)) return;
    const queue: (() => unknown)[] = (pending.queue = []);
    Promise.resolve(given).then(() => {
      pending.queue = undefined;
      // Of a call that has ended meanwhile, nothing is told any more.
      for (const next of queue) if (calls.get(number) === pending) notify(number, pending, next);
    }, fail);
  } catch (error) {
    fail(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

function end(number: number, pending: Pending): Pending {
  calls.delete(number);
  pending.unsubscribe?.();
  if (calls.size === 0) {
    port?.hold(false);
    // Not now: the port may be what is telling this.
    if (isClosing) setImmediate(() => isClosing && closePort()).unref();
  }
  return pending;
}

/** How a call ended. All members are its own, whatever anybody has added to `Object.prototype`. */
function outcome<T>(value: T | undefined, facts?: ErrorView, stopped = false): Outcome<T> {
  return { value, facts, stopped };
}

/**
 * Starts a call. Resolves to its value, its error's facts, or that it was stopped by `control.stop()`; rejects when it is
 * refused at once or aborted, and with what the caller's function throws.
 */
export function begin<T, E = never>(
  signal: AbortSignalLike | undefined,
  onEvent: OnEvent<E>,
  start: Start<T>,
  control?: Control,
): Promise<Outcome<T>> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(reasonOf(signal));
      return;
    }
    const opened = (port ??= outside.runInAsyncScope(() => new native.Port(deliver)));
    do lastCall = (lastCall + 1) >>> 0;
    while (calls.has(lastCall));
    const number = lastCall;
    const heard = listening(opened);
    const refusal = start(opened, number);
    if (refusal !== null) {
      reject(revive((parsed(refusal) as { error: ErrorView }).error));
      return;
    }
    const context = heard ? new AsyncResource('NetgiroCall') : undefined;
    const pending: Pending = { resolve, reject, onEvent, context, unsubscribe: undefined, queue: undefined };
    calls.set(number, pending);
    if (calls.size === 1) opened.hold(true);
    if (control) {
      control.stop = () => {
        if (calls.get(number) !== pending) return;
        opened.cancel(number);
        end(number, pending).resolve(outcome<never>(undefined, undefined, true));
      };
    }
    if (signal) {
      pending.unsubscribe = whenAborted(signal, () => {
        const dropped = opened.cancel(number);
        const reason = reasonOf(signal);
        end(number, pending).reject(dropped === null ? reason : outcomeUnknown(reason, dropped, pending));
      });
    }
  });
}

/** Why a signal has aborted. One of a polyfill has no reason, and none is also what Node's own makes an `AbortError` of. */
function reasonOf({ reason }: AbortSignalLike): unknown {
  return reason === undefined ? own(new DOMException('This operation was aborted', 'AbortError')) : (reason as unknown);
}

/** Whether a signal's reason, which may be anything and of another realm, is that of `AbortSignal.timeout`. */
function hasTimedOut(reason: unknown): boolean {
  try {
    return (reason as { name?: unknown } | null | undefined)?.name === 'TimeoutError';
  } catch {
    return false;
  }
}

/** What a call may have done by the time it is aborted, by its word in the core. */
const EFFECTS: Readonly<Record<string, string>> = {
  insert: 'the customer may have been asked',
  refund: 'the refund may have been made',
  checkout: 'the checkout may have been created',
};

/** What an aborted call rejects with when it may have had an effect: an error of its own, since the signal's reason is also others'. */
function outcomeUnknown(reason: unknown, dropped: string, pending: Pending): DOMException {
  const { error, event } = parsed(dropped) as Dropped;
  if (event) publish(requests, pending, event);
  const effect = EFFECTS[error.failedCall ?? 'insert'];
  const message = `The call was aborted, and ${effect}: see its cause`;
  const aborted = own(new DOMException(message, hasTimedOut(reason) ? 'TimeoutError' : 'AbortError'));
  const cause: Error & { code?: string } = revive(error);
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
export async function call<T, E = never>(
  signal: AbortSignalLike | undefined,
  onEvent: OnEvent<E>,
  start: Start<T>,
): Promise<T> {
  const { value, facts } = await begin(signal, onEvent, start);
  if (facts) throw revive(facts);
  return value as T;
}

/** The members of an answer's text, and none that somebody has added to `Object.prototype`. */
function parsed(json: string): object {
  return { __proto__: null, ...(JSON.parse(json) as object) };
}

/** The value of an answer. */
export function open<T>(reply: Reply<T>): T {
  const answer = JSON.parse(reply) as { value: T } | { error: ErrorView };
  // A member of its own, and none that somebody has added to `Object.prototype`.
  if (Object.hasOwn(answer, 'error')) throw revive((answer as { error: ErrorView }).error);
  return (answer as { value: T }).value;
}

/** A native object, where the answer is not the text of why there is none. */
export function made<T extends object>(reply: Made<T>): T {
  return typeof reply === 'string' ? open(reply) : reply;
}

const listeners = new WeakMap<AbortSignalLike, { actions: Set<() => void>; listener: () => void }>();

/** Calls `action` when the signal aborts. One listener serves all calls of a signal: Node warns of more than ten. */
function whenAborted(signal: AbortSignalLike, action: () => void): () => void {
  let entry = listeners.get(signal);
  if (entry === undefined) {
    const actions = new Set<() => void>();
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
    if (actions.size === 0 && listeners.get(signal)?.actions === actions) {
      listeners.delete(signal);
      signal.removeEventListener('abort', listener);
    }
  };
}
