// What the compiled half gives as data, made into what callers get: errors, states, polls.

import type { CartState, PAYMENT, PaymentInfo, STATE } from '../values.js';
import { byCode, FAILED_CALL } from './errors.js';
import type { ErrorView, PollView, StateView } from './native.js';
import { inJavaScript } from './spelling.js';
import { own } from './stacks.js';

/** How a poll is made: its class needs this file first, and says so when it is loaded. */
let revivePoll: (view: PollView) => unknown = () => null;

export function polls(make: typeof revivePoll): void {
  revivePoll = make;
}

/** A cart's state of its members, which come in the order of {@link STATE}; frozen all the way down. */
export function state(of: StateView): CartState {
  const info = of[5] as StateView | null;
  const value = {
    transactionId: of[0],
    status: of[1],
    resultCode: of[2],
    paymentSuccessful: of[3],
    message: of[4],
    payment: info && payment(info),
    referenceId: of[6],
    checkedAt: of[7],
    isFinal: of[8],
    isPaid: of[9],
    api: of[10],
  } satisfies Record<keyof typeof STATE, unknown>;
  return Object.freeze(value) as unknown as CartState;
}

/** A payment of its members, which come in the order of {@link PAYMENT}. Written out: an object that is filled by name is slow. */
function payment(of: StateView): PaymentInfo {
  const value = {
    transactionId: of[0],
    invoiceNumber: of[1],
    referenceNumber: of[2],
    statusId: of[3],
    created: of[4],
    totalAmount: of[5],
    discountAmount: of[6],
    shippingAmount: of[7],
    handlingAmount: of[8],
    accountNumber: of[9],
    numberOfInstallments: of[10],
    clientIdentityConfirmed: of[11],
    locationId: of[12],
    registerId: of[13],
  } satisfies Record<keyof typeof PAYMENT, unknown>;
  return Object.freeze(value) as unknown as PaymentInfo;
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
