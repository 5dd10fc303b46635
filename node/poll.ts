'use strict';
// CartPoll: the polling of one cart as a value, to be kept between the steps of a job.

const { isNativeError } = require('node:util/types');
const { native, open } = require('./native.cjs');
const { classes } = require('./errors.cjs');
const results = require('./results.cjs');
const { cart, jsonText, members, pollText, types, waitOptions } = require('./arguments.cjs');

const { InvalidRequestError, NetgiroError } = classes;
const { flag, number, text } = types;

const ANSWERED = { sentAt: number, now: number, jitter: number, afterCancel: flag };

/** Lets this file, and no caller, make a poll from what the compiled half gave. */
const FROM_VIEW = Symbol('from view');

class CartPoll {
  constructor(given, options = {}) {
    const view = given === FROM_VIEW ? options : start(given, options);
    // A member like any other, so that what structuredClone and postMessage make of a poll still is the whole poll.
    this.token = view.token;
    this.transactionId = view.transactionId;
    this.nextCheckAt = view.nextCheckAt;
    this.deadline = view.deadline;
    this.state = view.state && results.state(view.state);
    this.isDone = view.isDone;
    Object.freeze(this);
  }

  toJson() {
    return this.token;
  }

  static fromJson(json) {
    return fromView(open(native.readPoll(token(json))));
  }

  toJSON() {
    return JSON.parse(this.token);
  }

  answered(seen, options = {}) {
    const { sentAt, now, jitter, afterCancel } = members('answered', options, ANSWERED);
    return fromView(open(native.answerPoll(this.token, { __proto__: null, ...whatWasSeen(seen), afterCancel }, sentAt, now, jitter)));
  }
}

function start(given, options) {
  const { wait, now } = waitOptions('CartPoll', options, { now: number });
  return open(native.startPoll(cart(given), wait, now));
}

function fromView(view) {
  return new CartPoll(FROM_VIEW, view);
}

/** How long to wait before the next step, in milliseconds: not a matter of one machine's clock. */
function delay(poll, now) {
  return open(native.pollDelay(poll.token, now));
}

/** The text of a poll: of a CartPoll or a copy of one, of its JSON text, or of that text parsed, as queues hand it on. */
function token(given) {
  if (typeof given === 'string') return given;
  if (typeof given === 'object' && given !== null) return pollText(given) ?? jsonText('a poll', given);
  throw new InvalidRequestError(`a poll is a CartPoll or its JSON; got ${given === null ? 'null' : typeof given}`);
}

/** An error of this package, also one of another copy of it. */
function isError(seen) {
  return seen instanceof NetgiroError || (isNativeError(seen) && text.fits(seen.code));
}

function whatWasSeen(seen) {
  if (typeof seen === 'string') return { __proto__: null, status: seen };
  if (isError(seen)) {
    const { code, message, httpStatus, resultCode, retryAfter } = seen;
    const known = Object.entries({ code, message, httpStatus, resultCode, retryAfter }).filter(([, fact]) => fact != null);
    return { __proto__: null, error: { __proto__: null, ...Object.fromEntries(known) } };
  }
  if (typeof seen === 'object' && seen !== null) return { __proto__: null, state: jsonText('what was seen', seen) };
  throw new InvalidRequestError(`answered takes a CartState, a status or a NetgiroError; got ${typeof seen}`);
}

module.exports = { CartPoll, delay, fromView, token };
