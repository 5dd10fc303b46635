// MemoryReplayGuard: remembers the callbacks that were accepted, in this process.

import { member, members, options as declared, required, types } from './internal/arguments.js';
import { made } from './internal/calls.js';
import { native, type NativeReplayGuard } from './internal/native.js';
import { entries, own, within } from './internal/stacks.js';
import type { ReplayGuard } from './options.js';

const wholeFromOne = member<number>('a whole number from 1 on', (value) => Number.isSafeInteger(value) && (value as number) >= 1);
const KEY = { nonce: required(types.text), signature: required(types.text) };
const OPTIONS = declared({ capacity: wholeFromOne });

/** The compiled half of each guard: not a private member, by which TypeScript would tell copies of this package apart. */
const guards = new WeakMap<MemoryReplayGuard, NativeReplayGuard>();

/** A guard in this process's memory: bounded, the oldest callbacks are forgotten first. For one process, one thread. */
export class MemoryReplayGuard implements ReplayGuard {
  /**
   * `capacity`: how many callbacks it remembers, by default 100,000, in about 15 MB when full.
   * @throws {@link InvalidRequestError} for a capacity that is no whole number from 1 on.
   */
  constructor(options: { capacity?: number | null | undefined } = {}) {
    within(MemoryReplayGuard, () => {
      const { capacity } = members('MemoryReplayGuard', options, OPTIONS);
      guards.set(this, made(native.makeReplayGuard(capacity)));
    });
  }

  /** Records a callback; false if it has been recorded before. */
  isFirst(nonce: string, signature: string): boolean {
    const given = members('isFirst', { nonce, signature }, KEY);
    return of(this).isFirst(given.nonce, given.signature);
  }
}

entries(MemoryReplayGuard);

function of(guard: MemoryReplayGuard): NativeReplayGuard {
  const found = guards.get(guard);
  if (found === undefined) throw own(new TypeError('isFirst is a method of a MemoryReplayGuard: call it as one'));
  return found;
}
