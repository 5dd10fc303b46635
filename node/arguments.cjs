'use strict';
// What callers give, brought into the shape the compiled half takes. Members are checked here for their names and
// types, which TypeScript has checked already for those who use it; what they may hold is the core's to say.

const { inspect } = require('node:util');
const { isAnyArrayBuffer, isUint8Array } = require('node:util/types');
const { classes } = require('./errors.cjs');

const { ConfigurationError, InvalidRequestError } = classes;

const text = { wanted: 'a string', fits: (value) => typeof value === 'string' };
const number = { wanted: 'a number', fits: (value) => typeof value === 'number' };
const flag = { wanted: 'true or false', fits: (value) => typeof value === 'boolean' };
const whole = { wanted: 'a whole number', fits: Number.isSafeInteger };
const fn = { wanted: 'a function', fits: (value) => typeof value === 'function' };
const object = { wanted: 'an object', fits: (value) => typeof value === 'object' && !Array.isArray(value) };
const texts = { wanted: 'an array of strings', fits: (value) => Array.isArray(value) && value.every(text.fits) };
const guard = {
  wanted: 'an object with a function isFirst(nonce, signature)',
  fits: (value) => typeof value?.isFirst === 'function',
};
const client = {
  wanted: 'a Client',
  fits: (value) => typeof value?.verifyCallback === 'function' && typeof value.pollStep === 'function',
};
const anything = { wanted: 'given', fits: () => true };
const signal = {
  wanted: 'an AbortSignal',
  fits: (value) => typeof value?.aborted === 'boolean' && typeof value.addEventListener === 'function',
};
const textOrNumber = {
  wanted: 'a string or a number',
  fits: (value) => ['string', 'number', 'bigint'].includes(typeof value),
};

const required = (member) => ({ ...member, required: true });

/** Never the value itself: it may be a secret key or somebody's phone number. */
function kindOf(value) {
  if (value === null || value === undefined) return `${value}`;
  if (Array.isArray(value)) return 'an array';
  return `${/^[aeiou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`;
}

/** The members of `given` that were given, checked against `known`; null and undefined count as left out. */
function members(where, given, known, Refused = InvalidRequestError) {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new Refused(`${where} takes an object of named options; got ${kindOf(given)}`);
  }
  const taken = {};
  for (const name of Object.keys(given)) {
    const member = Object.hasOwn(known, name) ? known[name] : undefined;
    if (member === undefined) {
      throw new Refused(`${where} has no option ${inspect(name)}; it has ${Object.keys(known).join(', ') || 'none'}`);
    }
    const value = given[name];
    if (value === undefined || value === null) continue;
    if (!member.fits(value)) {
      throw new Refused(`${where}: ${name} must be ${member.wanted}; got ${kindOf(value)}`);
    }
    taken[name] = value;
  }
  for (const [name, member] of Object.entries(known)) {
    if (member.required && !Object.hasOwn(taken, name)) {
      throw new Refused(`${where}: ${name} is required; got ${kindOf(given[name])}`);
    }
  }
  return taken;
}

const CLIENT = {
  appKey: required(text),
  secretKey: required(text),
  environment: text,
  baseUrl: text,
  timeoutMs: number,
  connectTimeoutMs: number,
  responseVerification: text,
  paymentInfo: text,
  caFile: text,
  previousSecretKeys: texts,
  proxy: text,
};

function clientOptions(given) {
  return members('Client', given, CLIENT, ConfigurationError);
}

const NEW_CART = {
  amount: required(anything),
  reference: required(text),
  customerId: required(text),
  confirmationType: textOrNumber,
  callbackUrl: text,
  callbackCancelUrl: text,
  description: text,
  items: { wanted: 'an array', fits: Array.isArray },
  locationId: text,
  registerId: text,
};

const ITEM = {
  name: required(text),
  unitPrice: required(anything),
  quantity: textOrNumber,
  amount: anything,
  productNo: text,
  description: text,
};

function newCart(given) {
  const taken = members('insertCart', given, NEW_CART);
  taken.amount = amount(taken.amount);
  if (taken.confirmationType !== undefined) taken.confirmationType = String(taken.confirmationType);
  taken.items &&= taken.items.map((line, index) => {
    const item = members(`insertCart: items[${index}]`, line, ITEM);
    item.unitPrice = amount(item.unitPrice);
    item.quantity = String(item.quantity ?? 1);
    if (item.amount !== undefined) item.amount = amount(item.amount);
    return item;
  });
  return taken;
}

/** Numbers as they are; what is no number as it prints, for the refusal. */
function amount(given) {
  return typeof given === 'number' || typeof given === 'bigint' ? given : inspect(given, { depth: 0 });
}

/** A cart: its id, or what is known of it. Anything else as it prints, for the refusal. */
function cart(given) {
  if (typeof given === 'string') return given;
  const { CartPoll } = require('./poll.cjs');
  if (given instanceof CartPoll) return { poll: given.toJson() };
  if (typeof given !== 'object' || typeof given?.transactionId !== 'string') return inspect(given, { depth: 0 });
  const { transactionId, amount: kronur, reference, checkInterval } = given;
  // A callback, too, has an amount and a reference, but as the server holds them: its amount is text.
  if (typeof kronur !== 'number' || typeof reference !== 'string') return transactionId;
  return {
    transactionId,
    amount: kronur,
    reference,
    checkInterval: typeof checkInterval === 'number' ? checkInterval : undefined,
  };
}

function carts(where, given) {
  if (typeof given?.[Symbol.iterator] !== 'function' || typeof given === 'string') {
    throw new InvalidRequestError(`${where} takes an array of carts; got ${kindOf(given)}`);
  }
  return Array.from(given, cart);
}

const POLICY = { minIntervalMs: number, defaultIntervalMs: number, maxIntervalMs: number };

const WAIT = { timeoutMs: number, policy: anything };

/** The options of a call, those of a wait among them apart: `{ wait, … }`. */
function waitOptions(where, given, others) {
  const { timeoutMs, policy, ...rest } = members(where, given, { ...WAIT, ...others });
  const wait = { timeoutMs, policy: policy && members(`${where}: policy`, policy, POLICY) };
  return { wait, ...rest };
}

const CALLBACK = { url: required(text), headers: required(anything), body: required(anything), replayGuard: guard };
const CALLBACK_ONCE = { ...CALLBACK, replayGuard: required(guard) };

function callbackParts(where, given) {
  const known = where === 'verifyCallbackOnce' ? CALLBACK_ONCE : CALLBACK;
  const { url, headers, body, replayGuard } = members(where, given, known);
  return { url, headers: headerList(where, headers), body: bytes(where, body), replayGuard };
}

/** Headers as a flat list of names and values, from a Headers, a Map, pairs, Node's rawHeaders, or an object. */
function headerList(where, given) {
  if (typeof given !== 'object') {
    throw new InvalidRequestError(`${where}: headers must be an object of headers; got ${kindOf(given)}`);
  }
  const list = [];
  const add = (name, value) => {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null) list.push(headerText(where, name), headerText(where, each));
    }
  };
  if (Array.isArray(given) && given.every((part) => !Array.isArray(part))) {
    for (let at = 0; at + 1 < given.length; at += 2) add(given[at], given[at + 1]);
  } else if (typeof given[Symbol.iterator] === 'function') {
    for (const pair of given) {
      if (!Array.isArray(pair)) refuseHeader(where, 'pairs of a name and a value', pair);
      add(pair[0], pair[1]);
    }
  } else {
    for (const [name, value] of Object.entries(given)) add(name, value);
  }
  return list;
}

function headerText(where, value) {
  if (isUint8Array(value)) return Buffer.from(value).toString('latin1');
  if (!textOrNumber.fits(value)) refuseHeader(where, 'text or bytes', value);
  return String(value);
}

function refuseHeader(where, wanted, value) {
  throw new InvalidRequestError(`${where}: headers must be ${wanted}; got ${kindOf(value)}`);
}

/** The JSON of what callers give; not everything has one. */
function jsonText(what, value) {
  let json;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new InvalidRequestError(`${what} has no JSON: ${cause?.message}`, { cause });
  }
  if (typeof json !== 'string') throw new InvalidRequestError(`${what} has no JSON`);
  return json;
}

function bytes(where, body) {
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  // Not `instanceof`: test runners give each file globals of its own.
  if (isUint8Array(body)) return body;
  if (isAnyArrayBuffer(body)) return Buffer.from(body);
  throw new InvalidRequestError(
    `${where}: body must be the bytes as received, a Buffer, a Uint8Array or a string; got ${kindOf(body)}`,
  );
}

module.exports = {
  amount,
  bytes,
  callbackParts,
  cart,
  carts,
  clientOptions,
  jsonText,
  kindOf,
  members,
  newCart,
  required,
  types: { anything, client, flag, fn, guard, number, object, signal, text, textOrNumber, texts, whole },
  waitOptions,
};
