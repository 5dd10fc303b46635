'use strict';
// Results: plain data from the core, frozen all the way down.

const { classes, fromFacts } = require('./errors.cjs');
const { native, open } = require('./native.cjs');
const { amount: given, members, required, types } = require('./arguments.cjs');

const { InvalidRequestError } = classes;

/** A cart's state, from its members in the order of `values.rs`. */
function state(of) {
  return Object.freeze({
    transactionId: of[0],
    status: of[1],
    resultCode: of[2],
    paymentSuccessful: of[3],
    message: of[4],
    payment: of[5] && payment(of[5]),
    referenceId: of[6],
    checkedAt: of[7],
    isFinal: of[8],
    isPaid: of[9],
  });
}

function payment(of) {
  return Object.freeze({
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
  });
}

function checkResult(value) {
  if (value.state) value.state = state(value.state);
  else value.error = fromFacts(value.error);
  return Object.freeze(value);
}

/** Results in order: a plain array, with what tables are made from it beside its elements. */
function checkResults(list, total) {
  const tables = () => require('./tables.cjs');
  const hidden = {
    total: { value: total },
    isComplete: { value: list.length === total },
    toCSV: { value: () => tables().toCSV(list) },
    toArrow: { value: () => tables().toArrow(list) },
  };
  return Object.freeze(Object.defineProperties(list, hidden));
}

/** Where a callback keeps what a replay guard is asked; the same for all copies of this package. */
const REPLAY_KEY = Symbol.for('netgiro.replayKey');

/** What a replay guard is asked about a callback: its nonce and its signature. A callback that somebody has made up has none. */
function replayKey(of, isNeeded = true) {
  const key = of[REPLAY_KEY];
  if (key === undefined && isNeeded) throw new InvalidRequestError('no client has verified this callback');
  return key ?? ['', ''];
}

function callback(value, key) {
  value.state = state(value.state);
  Object.defineProperty(value, REPLAY_KEY, { value: Object.freeze(key) });
  const { amount, reference } = value;
  // Not enumerable: a function would keep the result out of structuredClone and out of workers.
  Object.defineProperty(value, 'matches', {
    value: (itsAmount, itsReference) => {
      members('matches', { reference: itsReference }, { reference: required(types.text) });
      return open(native.callbackMatches(amount, reference, given(itsAmount), itsReference));
    },
  });
  return Object.freeze(value);
}

module.exports = { state, checkResult, checkResults, callback, replayKey };
