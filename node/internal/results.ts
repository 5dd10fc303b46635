// Results of bulk calls and callbacks: plain data from the core, frozen.

import { type Callback, type CheckResult, type CheckResults, state } from '../values.js';
import { amount, members, required, types } from './arguments.js';
import { open } from './calls.js';
import { InvalidRequestError } from './errors.js';
import { type CallbackView, type CheckView, native, type ReplayKey } from './native.js';
import { error } from './revive.js';
import { beginThere, type Site, within } from './stacks.js';
import * as tables from './tables.js';

/** The result of one cart, of a call that was made at `there`. */
export function checkResult(view: CheckView, there: Site): CheckResult {
  if (view[0] === null) {
    const [, failure, transactionId] = view;
    return Object.freeze({ transactionId, state: null, error: beginThere(error(failure), there) }) as CheckResult;
  }
  const seen = state(view[0]);
  return Object.freeze({ transactionId: seen.transactionId, state: seen, error: null });
}

/** Results in order: a plain array, with what tables are made from it beside its elements. */
export function checkResults(list: CheckResult[], total: number): CheckResults {
  const hidden = {
    total: { value: total },
    isComplete: { value: list.length === total },
    toCSV: { value: () => tables.toCSV(list) },
    toArrow: { value: () => tables.toArrow(list) },
  };
  return Object.freeze(Object.defineProperties(list, hidden)) as unknown as CheckResults;
}

/** Where a callback's `matches` keeps its key for replay guards; the same for all copies of this package. */
const REPLAY_KEY = Symbol.for('netgiro.replayKey');

interface Matches {
  (itsAmount: unknown, itsReference: unknown): boolean;
  [REPLAY_KEY]?: ReplayKey | null;
}

/**
 * What a replay guard is asked about a callback; null for one of V2, about which none is asked. One that a shop has made up,
 * as its tests may, has nothing of the kind.
 */
export function replayKey(of: Callback): ReplayKey | null {
  const { matches } = of as { readonly matches?: Matches };
  const key = matches?.[REPLAY_KEY];
  if (key === undefined) throw new InvalidRequestError('no client has verified this callback');
  return key;
}

export function callback(view: CallbackView, key: ReplayKey | null): Callback {
  const [transactionId, reference, kronur, seen, referenceId] = view;
  const value = { transactionId, reference, amount: kronur, state: seen && state(seen), referenceId };
  const matches: Matches = (itsAmount, itsReference) =>
    within(matches, () => {
      const given = members('matches', { reference: itsReference }, { reference: required(types.text) });
      return open(native.callbackMatches(kronur, reference, amount(itsAmount), given.reference));
    });
  matches[REPLAY_KEY] = key;
  // Not enumerable: a function would keep the result out of structuredClone and out of workers. It has the key, since to define
  // a second member like it would take a fifth of a microsecond.
  Object.defineProperty(value, 'matches', { value: Object.freeze(matches) });
  return Object.freeze(value) as Callback;
}
