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
const plain = { wanted: 'a plain object', fits: isPlain };
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
  fits: (value) =>
    typeof value === 'object' &&
    typeof value?.aborted === 'boolean' &&
    ['addEventListener', 'removeEventListener'].every((name) => typeof value[name] === 'function'),
};
const textOrNumber = {
  wanted: 'a string or a number',
  fits: (value) => ['string', 'number', 'bigint'].includes(typeof value),
};

const required = (member) => ({ ...member, required: true });

/** `null` is given for it, and means something else than leaving it out. */
const nullable = (member) => ({ ...member, nullable: true });

/** Never the value itself: it may be a secret key or somebody's phone number. */
function kindOf(value) {
  if (value === null || value === undefined) return `${value}`;
  if (Array.isArray(value)) return 'an array';
  const kind = typeof value;
  if (kind === 'object' && !isPlain(value)) {
    const { name } = Object.getPrototypeOf(value).constructor ?? {};
    if (name === 'Object') return 'an object that inherits its members';
    if (text.fits(name) && name !== '') return `an object of the class ${name}`;
  }
  return `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

/** The name of an option, unless a key or somebody's number stands where the name belongs. */
function nameOf(name) {
  const isName = typeof name === 'symbol' || /^[a-z_$][\w$]{0,29}$/i.test(name);
  return isName ? inspect(name) : 'of such a name';
}

/** An object that inherits nothing, not even what has been added to `Object.prototype`; faster than one without a prototype. */
function Bare() {}
Bare.prototype = Object.create(null);

/**
 * Whether a value is a plain object, of whichever realm: what `{ … }`, `JSON.parse` and `Object.create(null)` make, and what
 * `members` has read already.
 */
function isPlain(value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype || prototype === Bare.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/**
 * The members of `given` that were given, checked against `known`; null and undefined count as left out. Only what a plain
 * object has itself is an option: neither what it inherits nor what somebody has added to `Object.prototype`, which is why
 * what this gives inherits nothing. Each member is read once.
 */
function members(where, given, known, Refused = InvalidRequestError) {
  if (!isPlain(given)) {
    let hint = typeof given === 'object' && given !== null && !Array.isArray(given) ? ': pass a plain object' : '';
    if (signal.fits(given) && Object.hasOwn(known, 'signal')) hint = ': pass { signal }';
    throw new Refused(`${where} takes an object of named options; got ${kindOf(given)}${hint}`);
  }
  const taken = new Bare();
  let left;
  for (const name of Reflect.ownKeys(given)) {
    const member = Object.hasOwn(known, name) ? known[name] : undefined;
    if (member === undefined) {
      throw new Refused(`${where} has no option ${nameOf(name)}; it has ${Object.keys(known).join(', ') || 'none'}`);
    }
    const value = given[name];
    if (value === undefined || (value === null && !member.nullable)) {
      left ??= new Bare();
      left[name] = value;
      continue;
    }
    if (value !== null && !member.fits(value)) {
      throw new Refused(`${where}: ${name} must be ${member.wanted}; got ${kindOf(value)}`);
    }
    taken[name] = value;
  }
  for (const name of Object.keys(known)) {
    if (known[name].required && !Object.hasOwn(taken, name)) {
      throw new Refused(`${where}: ${name} is required; got ${kindOf(left?.[name])}`);
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

/** The options of a client for a simulator, which has an address and keys of its own. */
function simulatedClientOptions(given) {
  const others = Object.entries(CLIENT).filter(([name]) => !['appKey', 'secretKey', 'baseUrl'].includes(name));
  return members('client', given, Object.fromEntries(others), ConfigurationError);
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

/**
 * An amount, as the compiled half takes it: numbers and text as they are, a decimal object (of decimal.js, big.js, Prisma
 * and their like) by its exact text, and what is neither as it prints, for the refusal.
 */
function amount(given) {
  if (['number', 'bigint', 'string'].includes(typeof given)) return given;
  const decimal = decimalText(given);
  if (decimal !== undefined) return { __proto__: null, decimal };
  return { __proto__: null, other: printed(given) };
}

/** The text of an object that has one of its own. An array and a buffer have one, too, and are no numbers. */
function decimalText(given) {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) return undefined;
  try {
    const { toString } = given;
    if (!fn.fits(toString) || toString === Object.prototype.toString) return undefined;
    const decimal = toString.call(given);
    return text.fits(decimal) ? decimal : undefined;
  } catch {
    return undefined;
  }
}

/** A value in a message: primitives as they are, of objects their kind alone. */
function printed(value) {
  return typeof value === 'object' && value !== null ? kindOf(value) : inspect(value);
}

/**
 * What is known of a cart: a member of its own or of its class, as a row of a database, an entity or a record may have it,
 * but not of `Object.prototype`, to which anybody may have added something. Null counts as unknown.
 */
function fact(given, name) {
  if (Object.hasOwn(given, name)) return given[name] ?? undefined;
  let holder = Object.getPrototypeOf(given);
  while (holder !== null && holder !== Object.prototype) {
    const next = Object.getPrototypeOf(holder);
    if (next !== null && Object.hasOwn(holder, name)) return given[name] ?? undefined;
    holder = next;
  }
  return undefined;
}

/** A cart: its id, its poll, or what is known of it. Anything else as it prints, for the refusal. */
function cart(given) {
  if (typeof given !== 'object' || given === null) return text.fits(given) ? given : printed(given);
  const poll = Array.isArray(given) ? undefined : pollText(given);
  if (poll !== undefined) return { __proto__: null, poll };
  const transactionId = fact(given, 'transactionId');
  if (!text.fits(transactionId)) {
    const snake = fact(given, 'transaction_id') === undefined ? '' : ', and a transaction_id: name it transactionId';
    throw new InvalidRequestError(
      `transactionId must be a cart's GUID, as insertCart gave it; got ${kindOf(given)} with ${kindOf(transactionId)} for it${snake}`,
    );
  }
  const known = expected(given);
  known.transactionId = transactionId;
  known.checkInterval = interval(fact(given, 'checkInterval'));
  return known;
}

/**
 * What an answer about a cart is compared with: of a cart, or of an order. A reference is compared letter by letter, so a
 * number that stands for one, which may have lost some, is refused.
 */
function expected(given) {
  const [kronur, reference] = [fact(given, 'amount'), fact(given, 'reference')];
  if (reference !== undefined && !text.fits(reference)) {
    throw new InvalidRequestError(`reference must be text, as insertCart was given it; got ${kindOf(reference)}: pass its text`);
  }
  const known = new Bare();
  known.amount = kronur === undefined ? undefined : amount(kronur);
  known.reference = reference;
  return known;
}

/** An order that a callback must be about, as the shop's database gives it; it need not know its cart. */
function order(given, transactionId) {
  if (typeof given !== 'object') throw new InvalidRequestError(`an order must be an object; got ${kindOf(given)}`);
  const isNamed = fact(given, 'transactionId') !== undefined;
  const known = isNamed ? cart(given) : Object.assign(expected(given), { transactionId });
  for (const name of ['amount', 'reference']) {
    if (known.poll === undefined && known[name] === undefined) {
      throw new InvalidRequestError(`an order must have an amount and a reference; got no ${name}`);
    }
  }
  return known;
}

/** A poll hint that was stored may come back as text, as an amount may. */
function interval(given) {
  if (given === undefined || number.fits(given)) return given;
  const read = typeof given === 'bigint' || (text.fits(given) && /^\d+(\.\d+)?$/.test(given)) ? Number(given) : NaN;
  if (Number.isNaN(read)) {
    throw new InvalidRequestError(`checkInterval must be a number of milliseconds; got ${kindOf(given)}`);
  }
  return read;
}

/**
 * The text of a poll: of a CartPoll, be it of this copy of the package or of another, of what `structuredClone` and
 * `postMessage` leave of one, or of its JSON, parsed. Undefined for what is no poll.
 */
function pollText(given) {
  const isPoll = flag.fits(fact(given, 'isDone')) && ['nextCheckAt', 'deadline'].every((name) => number.fits(fact(given, name)));
  if (isPoll) {
    const token = fact(given, 'token') ?? (fn.fits(given.toJson) ? given.toJson() : undefined);
    if (text.fits(token)) return token;
    throw new InvalidRequestError('this copy of a CartPoll has lost its token: hand on what toJson() gives');
  }
  const isToken = number.fits(fact(given, 'version')) && typeof fact(given, 'schedule') === 'object';
  return isToken ? jsonText('a poll', given) : undefined;
}

function carts(where, given) {
  if (typeof given?.[Symbol.iterator] !== 'function' || typeof given === 'string') {
    throw new InvalidRequestError(`${where} takes an array of carts; got ${kindOf(given)}`);
  }
  return Array.from(given, (each, at) => {
    try {
      return cart(each);
    } catch (error) {
      if (!(error instanceof InvalidRequestError)) throw error;
      throw new InvalidRequestError(`carts[${at}]: ${error.message}`, { cause: error });
    }
  });
}

const POLICY = { minIntervalMs: number, defaultIntervalMs: number, maxIntervalMs: number };

const WAIT = { timeoutMs: number, policy: anything };

/** The options of a call, those of a wait among them as `wait`. */
function waitOptions(where, given, others) {
  const taken = members(where, given, { ...WAIT, ...others });
  const { timeoutMs, policy } = taken;
  taken.wait = {
    __proto__: null,
    timeoutMs,
    policy: policy === undefined ? undefined : members(`${where}: policy`, policy, POLICY),
  };
  return taken;
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
  nullable,
  order,
  pollText,
  required,
  simulatedClientOptions,
  types: { anything, client, flag, fn, guard, number, plain, signal, text, textOrNumber, texts, whole },
  waitOptions,
};
