// The async iterables: one cart's changes, and many carts as they settle.

import { AsyncResource } from 'node:async_hooks';
import type { AbortSignalLike } from '../options.js';
import { type CartState, type CheckResult, type Following, state } from '../values.js';
import { begin, type Control, type Start } from './calls.js';
import { asyncDispose } from './dispose.js';
import type { CheckView, NativeWatch } from './native.js';
import { checkResult } from './results.js';
import { error as revive } from './revive.js';
import { entries, site } from './stacks.js';

/** Ends for good: by itself, by an error, by the caller's signal, or by `return()`, which stops the polling. */
abstract class ClosableIterator<T> implements Following<T> {
  abstract next(): Promise<IteratorResult<T, undefined>>;

  abstract return(value?: unknown): Promise<IteratorResult<T, unknown>>;

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [asyncDispose](): Promise<void> {
    await this.return();
  }
}

/** The changes of one cart: polls while a change is asked for. */
export class CartChanges extends ClosableIterator<CartState> {
  #watch: NativeWatch;
  #signal: AbortSignalLike | undefined;
  #ended = false;
  #inFlight = new Set<Control>();

  constructor(watch: NativeWatch, signal: AbortSignalLike | undefined) {
    super();
    this.#watch = watch;
    this.#signal = signal;
  }

  async next(): Promise<IteratorResult<CartState, undefined>> {
    if (this.#ended) return { done: true, value: undefined };
    const control: Control = {};
    this.#inFlight.add(control);
    try {
      const outcome = await begin(this.#signal, undefined, (port, n) => this.#watch.next(port, n), control);
      if (outcome.facts) throw revive(outcome.facts);
      if (outcome.value) return { done: false, value: state(outcome.value) };
      this.#ended = true;
      return { done: true, value: undefined };
    } catch (error) {
      this.#ended = true;
      throw error;
    } finally {
      this.#inFlight.delete(control);
    }
  }

  async return(value?: unknown): Promise<IteratorResult<CartState, unknown>> {
    this.#ended = true;
    for (const control of this.#inFlight) control.stop?.();
    return { done: true, value };
  }
}

entries(CartChanges);

/** What comes of one step: a result, a failure, or neither at the end. */
interface Step {
  readonly value: CheckResult | undefined;
  readonly failure: { error: unknown } | undefined;
}

/** Many carts as they settle: all are polled from the first `next()` on, however slowly the results are taken. */
export class SettledCarts extends ClosableIterator<CheckResult> {
  #start: Start<null>;
  #signal: AbortSignalLike | undefined;
  #onProgress: ((done: number, total: number) => unknown) | undefined;
  #control: Control = {};
  #started = false;
  #ended = false;
  #failure: { error: unknown } | undefined;
  #site = site();
  /** Results nobody has asked for yet, those before `#taken` aside. */
  #ready: CheckResult[] = [];
  #taken = 0;
  /** Calls of `next()` that have no result yet. */
  #waiting: ((step: Step) => void)[] = [];

  constructor(
    start: Start<null>,
    signal: AbortSignalLike | undefined,
    onProgress: ((done: number, total: number) => unknown) | undefined,
  ) {
    super();
    this.#start = start;
    this.#signal = signal;
    this.#onProgress = onProgress && AsyncResource.bind(onProgress);
  }

  async next(): Promise<IteratorResult<CheckResult, undefined>> {
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    }
    const ready = this.#take();
    if (ready) return { done: false, value: ready };
    const step = this.#ended ? this.#end() : await new Promise<Step>((resolve) => this.#waiting.push(resolve));
    if (step.failure) throw step.failure.error;
    return step.value ? { done: false, value: step.value } : { done: true, value: undefined };
  }

  async return(value?: unknown): Promise<IteratorResult<CheckResult, unknown>> {
    this.#finish(undefined);
    this.#started = true;
    this.#control.stop?.();
    return { done: true, value };
  }

  async #run(): Promise<void> {
    try {
      const onEvent = (event: [done: number, total: number, result: CheckView]) => this.#settled(event);
      const outcome = await begin(this.#signal, onEvent, this.#start, this.#control);
      if (outcome.facts) throw revive(outcome.facts);
      this.#ended = true;
      for (const resolve of this.#waiting.splice(0)) resolve(this.#end());
    } catch (error) {
      this.#finish({ error });
    }
  }

  #settled([done, total, result]: [done: number, total: number, result: CheckView]) {
    const value = checkResult(result, this.#site);
    const resolve = this.#waiting.shift();
    if (resolve) resolve({ value, failure: undefined });
    else this.#ready.push(value);
    return this.#onProgress && (() => this.#onProgress?.(done, total));
  }

  #take(): CheckResult | undefined {
    const value = this.#ready[this.#taken];
    if (value === undefined) return undefined;
    this.#taken += 1;
    if (this.#taken === this.#ready.length) {
      this.#ready = [];
      this.#taken = 0;
    }
    return value;
  }

  /** Ends at once: what is ready is not given any more. */
  #finish(failure: { error: unknown } | undefined): void {
    this.#ended = true;
    this.#failure ??= failure;
    this.#ready = [];
    this.#taken = 0;
    for (const resolve of this.#waiting.splice(0)) resolve(this.#end());
  }

  /** The failure, told once; then the end. */
  #end(): Step {
    const failure = this.#failure;
    this.#failure = undefined;
    return { value: undefined, failure };
  }
}
entries(SettledCarts);
