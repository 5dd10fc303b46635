'use strict';
// Results: plain data from the core, frozen all the way down.

const { fromFacts } = require('./errors.cjs');
const { native, open } = require('./native.cjs');
const { amount: given, members, required, types } = require('./arguments.cjs');

function state(value) {
  if (value.payment) Object.freeze(value.payment);
  return Object.freeze(value);
}

function checkResult(value) {
  if (value.state) state(value.state);
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

function callback(value) {
  state(value.state);
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

module.exports = { state, checkResult, checkResults, callback };
