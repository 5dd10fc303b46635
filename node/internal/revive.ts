// What the compiled half gives as data, made into what callers get: errors, states, polls.

import { state } from '../values.js';
import { byCode, FAILED_CALL } from './errors.js';
import type { ErrorView, PollView } from './native.js';
import { inJavaScript } from './spelling.js';
import { own } from './stacks.js';

/** How a poll is made: its class needs this file first, and says so when it is loaded. */
let revivePoll: (view: PollView) => unknown = () => null;

export function polls(make: typeof revivePoll): void {
  revivePoll = make;
}

/** The error for facts from the core; a fault of the library's own has no code, and is no NetgiroError. */
export function error(given: ErrorView): Error {
  // Nothing of what somebody may have added to `Object.prototype`.
  const facts = { __proto__: null, ...given } as ErrorView;
  const message = inJavaScript(facts.message);
  const ErrorClass = byCode.get(facts.code);
  if (!ErrorClass) return own(new Error(`netgiro failed: ${message}`));
  const revived = {
    __proto__: null,
    ...facts,
    state: facts.state && state(facts.state),
    poll: facts.poll && revivePoll(facts.poll),
    cause: facts.cause && error(facts.cause),
  };
  const made = new ErrorClass(message, revived as never);
  if (facts.failedCall) Object.defineProperty(made, FAILED_CALL, { value: facts.failedCall });
  return own(made);
}
