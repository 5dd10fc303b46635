'use strict';
// CartPoll: the polling of one cart as a value, to be kept between the steps of a job.

const { native, open } = require('./native.cjs');
const { classes } = require('./errors.cjs');
const results = require('./results.cjs');
const { cart, jsonText, members, types, waitOptions } = require('./arguments.cjs');

const { InvalidRequestError, NetgiroError } = classes;
const { flag, number } = types;

const ANSWERED = { sentAt: number, now: number, jitter: number, afterCancel: flag };

/** Lets this file, and no caller, make a poll from what the compiled half gave. */
const FROM_VIEW = Symbol('from view');

/** How long to wait before the next step, in milliseconds: not a matter of one machine's clock. */
let delay;

class CartPoll {
  #token;

  constructor(given, options = {}) {
    const view = given === FROM_VIEW ? options : start(given, options);
    this.#token = view.token;
    this.transactionId = view.transactionId;
    this.nextCheckAt = view.nextCheckAt;
    this.deadline = view.deadline;
    this.state = view.state && results.state(view.state);
    this.isDone = view.isDone;
    Object.freeze(this);
  }

  toJson() {
    return this.#token;
  }

  static fromJson(json) {
    return fromView(open(native.readPoll(token(json))));
  }

  toJSON() {
    return JSON.parse(this.#token);
  }

  static {
    delay = (poll, now) => open(native.pollDelay(poll.#token, now));
  }

  answered(seen, options = {}) {
    const { sentAt, now, jitter, afterCancel } = members('answered', options, ANSWERED);
    return fromView(open(native.answerPoll(this.#token, { ...whatWasSeen(seen), afterCancel }, sentAt, now, jitter)));
  }
}

function start(given, options) {
  const { wait, now } = waitOptions('CartPoll', options, { now: number });
  return open(native.startPoll(cart(given), wait, now));
}

function fromView(view) {
  return new CartPoll(FROM_VIEW, view);
}

/** The text of a poll: of a CartPoll, of its JSON text, or of that text parsed, as queues hand it on. */
function token(given) {
  if (typeof given === 'string') return given;
  if (typeof given === 'object' && given !== null) return jsonText('a poll', given);
  throw new InvalidRequestError(`a poll is a CartPoll or its JSON; got ${given === null ? 'null' : typeof given}`);
}

function whatWasSeen(seen) {
  if (typeof seen === 'string') return { status: seen };
  if (seen instanceof NetgiroError) {
    const { code, message, httpStatus, resultCode, retryAfter } = seen;
    const known = Object.entries({ code, message, httpStatus, resultCode, retryAfter }).filter(([, fact]) => fact != null);
    return { error: Object.fromEntries(known) };
  }
  if (typeof seen === 'object' && seen !== null) return { state: jsonText('what was seen', seen) };
  throw new InvalidRequestError(`answered takes a CartState, a status or a NetgiroError; got ${typeof seen}`);
}

module.exports = { CartPoll, delay, fromView, token };
