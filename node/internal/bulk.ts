// Bulk checks: their options, and what comes of them. All results in order, each as it comes, and what is done when they
// are aborted.

import { AsyncResource } from 'node:async_hooks';
import type { AbortSignalLike, BulkOptions, CheckManyOptions } from '../options.js';
import { token } from '../poll.js';
import type { Checking, CheckResult, CheckResults } from '../values.js';
import { isList, jsonText, kindOf, type Member, member, members, type Names, options, reading, types } from './arguments.js';
import { begin, type Control, type Start } from './calls.js';
import { InvalidRequestError } from './errors.js';
import type { CheckView, NativeBulk } from './native.js';
import { checkResult, checkResults } from './results.js';
import { error as revive } from './revive.js';
import { beginAt, entry, own, site } from './stacks.js';

const { fn, number, signal } = types;

type OnProgress = (done: number, total: number) => unknown;

const earlier = member<Iterable<unknown>>('an array of earlier results', isList);

/** The options that bulk calls have in common. */
export const BULK = options({
  concurrency: number,
  rate: number,
  resume: earlier,
  onProgress: fn as Member<OnProgress>,
  signal,
} satisfies Names<BulkOptions>);

const CHECK = options({ ...BULK, retryForMs: number } satisfies Names<CheckManyOptions>);

/** The options of `checkMany`, and how the compiled half takes them. */
export function checkOptions(where: string, given: unknown) {
  const taken = members(where, given, CHECK);
  return Object.assign(taken, { bulk: bulk(where, taken) });
}

interface Given {
  concurrency?: number | undefined;
  rate?: number | undefined;
  retryForMs?: number | undefined;
  resume?: Iterable<unknown> | undefined;
}

export function bulk(where: string, { concurrency, rate, retryForMs, resume }: Given): NativeBulk {
  return { __proto__: null, concurrency, rate, retryForMs, resume: resume && known(where, resume) } as NativeBulk;
}

/** What earlier results know, as JSON: states, and the polls of waits that were cut short. */
function known(where: string, resume: Iterable<unknown>): string {
  const all = reading(`${where}: resume`, () => Array.from(resume, (result, at) => {
    const { state, error } = (result ?? {}) as { state?: unknown; error?: unknown };
    if (state) return { state };
    // A string has no state, either, and an entry of a Map none and no error.
    if (typeof error !== 'object' || error === null) {
      throw new InvalidRequestError(`${where}: resume[${at}] must be an earlier result; got ${kindOf(result)}`);
    }
    const { poll } = error as { poll?: unknown };
    return { poll: poll && token(poll) };
  }));
  return jsonText(`${where}: resume`, all);
}

/** Checks in flight: a list that is being filled, and those who wait for more of it. */
class Checks {
  /** By the place of the cart. */
  #places: CheckResult[] = [];
  /** In the order they came. */
  #came: CheckResult[] = [];
  #total: number;
  #settled = false;
  #failure: { error: unknown } | undefined;
  #waiting: (() => void)[] = [];
  #control: Control = {};
  #onProgress: OnProgress | undefined;
  #site = site();

  constructor(total: number, onProgress: OnProgress | undefined) {
    this.#total = total;
    // What is told comes from wherever the compiled half has got to, and belongs to whoever made the call.
    this.#onProgress = onProgress && AsyncResource.bind(onProgress);
  }

  async run(signalled: AbortSignalLike | undefined, start: Start<null>): Promise<CheckResults> {
    try {
      const onEvent = (event: [done: number, total: number, at: number, view: CheckView]) => this.#take(event);
      const outcome = await begin(signalled, onEvent, start, this.#control);
      if (outcome.facts) throw revive(outcome.facts);
      if (outcome.stopped) throw own(new DOMException('The checks were stopped', 'AbortError'));
      this.#end();
      return this.results();
    } catch (error) {
      this.#failure = { error };
      this.#end();
      throw error;
    }
  }

  #take([done, total, at, view]: [done: number, total: number, at: number, view: CheckView]) {
    const result = checkResult(view, this.#site);
    this.#places[at] = result;
    this.#came.push(result);
    this.#wake();
    return this.#onProgress && (() => this.#onProgress?.(done, total));
  }

  #end(): void {
    this.#settled = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** What is done, in order. */
  results(): CheckResults {
    // Without the holes of what is not done.
    return checkResults(Object.values(this.#places), this.#total);
  }

  async *each(): AsyncGenerator<CheckResult, void, undefined> {
    let taken = 0;
    try {
      for (;;) {
        while (taken < this.#came.length) {
          taken += 1;
          yield this.#came[taken - 1] as CheckResult;
        }
        if (this.#settled) break;
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
      if (this.#failure) {
        // eslint-disable-next-line @typescript-eslint/unbound-method -- named, not called
        beginAt(this.#failure.error, Checks.prototype.each);
        throw this.#failure.error;
      }
    } finally {
      // Who stops taking results, as `break` does, wants no more of them.
      if (!this.#settled) this.#control.stop?.();
    }
  }
}

const run = entry(async (checks: Checks, ...how: Parameters<Checks['run']>) => await checks.run(...how));

/**
 * A promise of all results in order, which is an async iterable of each as it comes as well, and has what is done so far.
 * `start` starts the checks, or throws.
 */
export function checking(
  total: number,
  onProgress: OnProgress | undefined,
  signalled: AbortSignalLike | undefined,
  start: Start<null>,
): Checking {
  const checks = new Checks(total, onProgress);
  const promise = run(checks, signalled, start);
  return Object.defineProperties(promise, {
    results: { get: () => checks.results() },
    [Symbol.asyncIterator]: {
      value: () => {
        // The loop is told of the failure: nobody need wait for the promise.
        promise.catch(() => {});
        return checks.each();
      },
    },
  }) as Checking;
}
