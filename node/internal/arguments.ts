// What callers give, brought into the shape the compiled half takes. Members are checked here for their names and
// types, which TypeScript has checked already for those who use it; what they may hold is the core's to say.

import { inspect } from 'node:util';
import { isAnyArrayBuffer, isBoxedPrimitive, isDate, isUint8Array } from 'node:util/types';
import type {
  AbortSignalLike,
  CallbackParts,
  CartItem,
  ClientOptions,
  FindOptions,
  NewCart,
  NewCheckout,
  PollPolicy,
  RedirectOrder,
  RefundOptions,
  WaitOptions,
} from '../options.js';
import { ConfigurationError, InvalidRequestError, NetgiroError } from './errors.js';
import type { KnownCart, NativeAmount, NativeCart, NativeWait } from './native.js';
import { declareNames } from './spelling.js';

/** What an option must be. */
export interface Member<T> {
  readonly wanted: string;
  readonly fits: (value: unknown) => value is T;
  readonly required?: boolean;
  readonly nullable?: boolean;
  /** What to do where it is required, and missing. */
  readonly hint?: string;
}

/** Options by their names. */
export type Table = Readonly<Record<string, Member<unknown>>>;

/** A table that has the names of a public interface, each of them and no other. */
export type Names<Options> = { readonly [Name in keyof Required<Options>]: Member<unknown> };

/** What `members` gives: what was given, and undefined for what was not. */
type Taken<Known extends Table> = {
  [Name in keyof Known]: Known[Name] extends Member<infer Value>
    ? Known[Name] extends { required: true }
      ? Value
      : Known[Name] extends { nullable: true }
        ? Value | null | undefined
        : Value | undefined
    : never;
};

/** Declares options: errors of the core may speak of them. */
export function options<Known extends Table>(known: Known): Known {
  declareNames(Object.keys(known));
  return known;
}

// What is known of a cart or asked of a guard, and is no option.
declareNames(['transactionId', 'checkInterval', 'isFirst']);

/** An option of a type, that of the values for which `fits` says true. */
export function member<T>(wanted: string, fits: (value: unknown) => boolean): Member<T> {
  return { wanted, fits: fits as (value: unknown) => value is T };
}

/** Whether a value has these functions; an object or not, since classes have functions as well. */
export function has(value: unknown, ...names: string[]): boolean {
  return value != null && names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

const text = member<string>('a string', (value) => typeof value === 'string');
const number = member<number>('a number', (value) => typeof value === 'number');
const flag = member<boolean>('true or false', (value) => typeof value === 'boolean');
const whole = member<number>('a whole number', Number.isSafeInteger);
const fn = member<(...args: never) => unknown>('a function', (value) => typeof value === 'function');
const plain = member<Record<string, unknown>>('a plain object', isPlain);
const list = member<unknown[]>('an array', Array.isArray);
const texts = member<string[]>(
  'an array of strings',
  (value) => Array.isArray(value) && value.every((each) => text.fits(each) && isWellFormed(each)),
);
const guard = member<object>('an object with a function isFirst(nonce, signature)', (value) => has(value, 'isFirst'));
const client = member<object>('a Client', (value) => has(value, 'verifyCallback', 'pollStep'));
const anything = member<unknown>('given', () => true);
const signal = member<AbortSignalLike>(
  'an AbortSignal',
  (value) =>
    typeof value === 'object' &&
    typeof (value as AbortSignalLike | null)?.aborted === 'boolean' &&
    has(value, 'addEventListener', 'removeEventListener'),
);
const textOrNumber = member<string | number | bigint>('a string or a number', (value) =>
  ['string', 'number', 'bigint'].includes(typeof value),
);

/** As numbers are written down; one of thousands of digits is nobody's. */
const textOrSmallNumber = member<string | number | bigint>('a string or a number', (value) =>
  typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : textOrNumber.fits(value),
);

export const types = { anything, client, flag, fn, guard, number, plain, signal, text, textOrNumber, texts, whole };

export function required<T>(known: Member<T>): Member<T> & { readonly required: true } {
  return { ...known, required: true };
}

/** `null` is given for it, and means something else than leaving it out. */
export function nullable<T>(known: Member<T>): Member<T> & { readonly nullable: true } {
  return { ...known, nullable: true };
}

/**
 * Runs what reads an argument: getters and proxies may throw whatever they like, and the caller is told which argument it was.
 */
export function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw cause instanceof NetgiroError ? cause : unreadable(what, cause, InvalidRequestError);
  }
}

function unreadable(what: string, cause: unknown, Refused: typeof ConfigurationError | typeof InvalidRequestError): NetgiroError {
  return new Refused(`${what} cannot be read: a getter or a proxy throws, see the cause`, { cause });
}

/** Whether a text has no half of a character, which has no bytes in UTF-8. */
function isWellFormed(value: string): boolean {
  return (value as string & { isWellFormed(): boolean }).isWellFormed();
}

function halfOf(what: string): string {
  return `${what} must be text; got half of a character in it, a lone surrogate: was it cut in the middle of an emoji?`;
}

/** Never the value itself: it may be a secret key or somebody's phone number. */
export function kindOf(value: unknown): string {
  try {
    return readKind(value);
  } catch {
    return 'an object that cannot be read';
  }
}

function readKind(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const kind = typeof value;
  if (kind === 'object' && !isPlain(value)) {
    const { name } = (Object.getPrototypeOf(value) as { constructor?: { name?: unknown } }).constructor ?? {};
    if (name === 'Object') return 'an object that inherits its members';
    if (text.fits(name) && name !== '') return `an object of the class ${name}`;
  }
  return `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

/** The name of an option, unless a key or somebody's number stands where the name belongs. */
function nameOf(name: string | symbol): string {
  const isName = typeof name === 'symbol' || /^[a-z_$][\w$]{0,29}$/i.test(name);
  return isName ? inspect(name) : 'of such a name';
}

/** An object that inherits nothing, not even what has been added to `Object.prototype`; faster than one without a prototype. */
const Bare = function () {} as unknown as new () => Record<string, unknown>;
Bare.prototype = Object.create(null) as Record<string, unknown>;

/**
 * Whether a value is a plain object, of whichever realm: what `{ … }`, `JSON.parse` and `Object.create(null)` make, and what
 * `members` has read already.
 */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null || prototype === Object.prototype || prototype === Bare.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/**
 * The members of `given` that were given, checked against `known`; null and undefined count as left out. Only what a plain
 * object has itself is an option: neither what it inherits nor what somebody has added to `Object.prototype`, which is why
 * what this gives inherits nothing. Each member is read once.
 */
export function members<Known extends Table>(
  where: string,
  given: unknown,
  known: Known,
  Refused: typeof ConfigurationError | typeof InvalidRequestError = InvalidRequestError,
): Taken<Known> {
  const at = { name: '' };
  try {
    return takenFrom(where, given, known, Refused, at);
  } catch (cause) {
    if (cause instanceof NetgiroError) throw cause;
    throw unreadable(at.name === '' ? where : `${where}: ${at.name}`, cause, Refused);
  }
}

/** As {@link members}, which says at which member it was when something else than a refusal is thrown. */
function takenFrom<Known extends Table>(
  where: string,
  given: unknown,
  known: Known,
  Refused: typeof ConfigurationError | typeof InvalidRequestError,
  at: { name: string },
): Taken<Known> {
  if (!isPlain(given)) {
    let hint = typeof given === 'object' && given !== null && !Array.isArray(given) ? ': pass a plain object' : '';
    if (signal.fits(given) && Object.hasOwn(known, 'signal')) hint = ': pass { signal }';
    throw new Refused(`${where} takes an object of named options; got ${kindOf(given)}${hint}`);
  }
  const result = new Bare();
  let left: Record<string, unknown> | undefined;
  for (const name of Reflect.ownKeys(given) as string[]) {
    const wanted = Object.hasOwn(known, name) ? known[name] : undefined;
    if (wanted === undefined) {
      throw new Refused(`${where} has no option ${nameOf(name)}; it has ${Object.keys(known).join(', ') || 'none'}`);
    }
    at.name = name;
    const value = given[name];
    if (value === undefined || (value === null && !wanted.nullable)) {
      left ??= new Bare();
      left[name] = value;
      continue;
    }
    if (value !== null && !wanted.fits(value)) {
      throw new Refused(`${where}: ${name} must be ${wanted.wanted}; got ${kindOf(value)}`);
    }
    if (typeof value === 'string' && !isWellFormed(value)) throw new Refused(halfOf(`${where}: ${name}`));
    result[name] = value;
  }
  for (const name of Object.keys(known)) {
    if (known[name]?.required && !Object.hasOwn(result, name)) {
      const { hint = '' } = known[name];
      throw new Refused(`${where}: ${name} is required; got ${kindOf(left?.[name])}${hint}`);
    }
  }
  return result as Taken<Known>;
}

const CLIENT = options({
  appKey: required(text),
  secretKey: required(text),
  environment: text,
  api: text,
  baseUrl: text,
  checkoutBaseUrl: text,
  timeoutMs: number,
  connectTimeoutMs: number,
  responseVerification: text,
  paymentInfo: text,
  caFile: text,
  previousSecretKeys: texts,
  proxy: text,
} satisfies Names<ClientOptions>);

export function clientOptions(given: unknown): Taken<typeof CLIENT> {
  return members('Client', given, CLIENT, ConfigurationError);
}

/** The options of a client for a simulator, which has an address and keys of its own. */
export function simulatedClientOptions(given: unknown): Omit<ClientOptions, 'appKey' | 'secretKey' | 'baseUrl' | 'checkoutBaseUrl'> {
  const { appKey, secretKey, baseUrl, checkoutBaseUrl, ...others } = CLIENT;
  return members('client', given, others, ConfigurationError) as ClientOptions;
}

const NEW_CART = options({
  amount: required(anything),
  reference: required(text),
  customerId: text,
  accessCode: text,
  barcode: text,
  confirmationType: textOrSmallNumber,
  callbackUrl: text,
  callbackCancelUrl: text,
  description: text,
  items: list,
  locationId: text,
  registerId: text,
} satisfies Names<NewCart>);

const ITEM = options({
  name: required(text),
  unitPrice: required(anything),
  quantity: textOrSmallNumber,
  amount: anything,
  productNo: text,
  description: text,
} satisfies Names<CartItem>);

export function newCart(given: unknown): object {
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

const REFERENCE = { reference: required(text) };
const LOOKUP = options({ amount: required(anything), signal } satisfies Names<FindOptions>);

/** What a cart is looked for by, and the signal. */
export function lookup(name: unknown, given: unknown) {
  const { reference } = members('findByReference', { reference: name }, REFERENCE);
  const { amount: kronur, signal: aborts } = members('findByReference', given ?? {}, LOOKUP);
  return { reference, amount: amount(kronur), signal: aborts };
}

const REFUND = options({
  idempotencyKey: required(text),
  description: text,
  signal,
} satisfies Names<RefundOptions>);

/** A refund, as the compiled half takes it, and its signal. Options that are left out lack the key above all. */
export function newRefund(kronur: unknown, given: unknown) {
  const { idempotencyKey, description, signal: aborts } = members('refundCart', given ?? {}, REFUND);
  return { refund: bare({ amount: amount(kronur), idempotencyKey, description }), signal: aborts };
}

const CHECKOUT = options({
  amount: required(anything),
  reference: required(text),
  successUrl: required(text),
  cancelUrl: required(text),
  callbackUrl: text,
  manualCapture: flag,
} satisfies Names<NewCheckout>);

/** A hosted checkout to be created, as the compiled half takes it. */
export function newCheckout(given: unknown): object {
  const taken = members('createCheckout', given, CHECKOUT);
  taken.amount = amount(taken.amount);
  return taken;
}

const REDIRECT = options({ amount: anything, reference: text } satisfies Names<RedirectOrder>);

/** What is known of the order that a redirect must be about. */
export function redirectOrder(given: unknown): { amount: NativeAmount | undefined; reference: string | undefined } {
  const { amount: kronur, reference } = members('verifyRedirect', given, REDIRECT);
  return { amount: kronur === undefined ? undefined : amount(kronur), reference };
}

/**
 * An amount, as the compiled half takes it: numbers and text as they are, a decimal object (of decimal.js, big.js, Prisma
 * and their like) by its exact text, and what is neither as it prints, for the refusal.
 */
export function amount(given: unknown): NativeAmount {
  if (textOrNumber.fits(given)) return given;
  const decimal = decimalText(given);
  if (decimal !== undefined) return bare({ decimal });
  return bare({ other: printed(given) });
}

/** The same members on an object that inherits nothing. */
export function bare<T extends object>(given: T): T {
  return { __proto__: null, ...given };
}

/** The text of an object that has one of its own. An array and a buffer have one, too, and are no numbers. */
function decimalText(given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null || ArrayBuffer.isView(given) || isBoxedPrimitive(given)) return undefined;
  try {
    if (Array.isArray(given)) return undefined;
    const { toString } = given as { toString: unknown };
    if (!fn.fits(toString) || toString === Object.prototype.toString) return undefined;
    const decimal: unknown = Reflect.apply(toString, given, []);
    return text.fits(decimal) ? decimal : undefined;
  } catch {
    return undefined;
  }
}

/** A value in a message: primitives as they are, of objects their kind alone. */
function printed(value: unknown): string {
  const isShort = typeof value !== 'bigint' || BigInt.asIntN(128, value) === value;
  return (typeof value === 'object' && value !== null) || !isShort ? kindOf(value) : inspect(value);
}

/**
 * What is known of a cart: a member of its own or of its class, as a row of a database, an entity or a record may have it,
 * but not of `Object.prototype`, to which anybody may have added something. Null counts as unknown.
 */
function fact(given: object, name: string): unknown {
  const read = () => (given as Record<string, unknown>)[name] ?? undefined;
  if (Object.hasOwn(given, name)) return read();
  let holder = Object.getPrototypeOf(given) as object | null;
  while (holder !== null && holder !== Object.prototype) {
    const next = Object.getPrototypeOf(holder) as object | null;
    if (next !== null && Object.hasOwn(holder, name)) return read();
    holder = next;
  }
  return undefined;
}

/** A cart: its id, its poll, or what is known of it. Anything else as it prints, for the refusal. */
export function cart(given: unknown): NativeCart {
  return reading('a cart', () => readCart(given));
}

function readCart(given: unknown): NativeCart {
  if (typeof given !== 'object' || given === null) return text.fits(given) ? given : printed(given);
  const poll = Array.isArray(given) ? undefined : pollText(given);
  if (poll !== undefined) return bare({ poll });
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
function expected(given: object): KnownCart {
  const [kronur, reference] = [fact(given, 'amount'), fact(given, 'reference')];
  if (reference !== undefined && !text.fits(reference)) {
    throw new InvalidRequestError(`reference must be text, as insertCart was given it; got ${kindOf(reference)}: pass its text`);
  }
  if (reference !== undefined && !isWellFormed(reference)) throw new InvalidRequestError(halfOf('reference'));
  const known: KnownCart = new Bare();
  known.amount = kronur === undefined ? undefined : amount(kronur);
  known.reference = reference;
  return known;
}

/** An order that a callback must be about, as the shop's database gives it; it need not know its cart. */
export function order(given: unknown, transactionId: string): NativeCart {
  if (typeof given !== 'object' || given === null) {
    throw new InvalidRequestError(`an order must be an object; got ${kindOf(given)}`);
  }
  const isNamed = fact(given, 'transactionId') !== undefined;
  const known = isNamed ? cart(given) : Object.assign(expected(given), { transactionId });
  if (typeof known === 'object' && known.poll !== undefined) return known;
  for (const name of ['amount', 'reference'] as const) {
    if (typeof known === 'string' || known[name] === undefined) {
      throw new InvalidRequestError(`an order must have an amount and a reference; got no ${name}`);
    }
  }
  return known;
}

/** A poll hint that was stored may come back as text, as an amount may. */
function interval(given: unknown): number | undefined {
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
export function pollText(given: object): string | undefined {
  const isPoll = flag.fits(fact(given, 'isDone')) && ['nextCheckAt', 'deadline'].every((name) => number.fits(fact(given, name)));
  if (isPoll) {
    const { toJson } = given as { toJson?: unknown };
    const token = fact(given, 'token') ?? (fn.fits(toJson) ? (Reflect.apply(toJson, given, []) as unknown) : undefined);
    if (text.fits(token)) return token;
    throw new InvalidRequestError('this copy of a CartPoll has lost its token: hand on what toJson() gives');
  }
  const isToken = number.fits(fact(given, 'version')) && typeof fact(given, 'schedule') === 'object';
  return isToken ? jsonText('a poll', given) : undefined;
}

export function carts(where: string, given: unknown): NativeCart[] {
  return reading(`${where}: its array of carts`, () => readCarts(where, given));
}

function readCarts(where: string, given: unknown): NativeCart[] {
  if (!isList(given)) {
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

/** Whether a value can be gone through. So can text, which stands for no list. */
export function isList(value: unknown): value is Iterable<unknown> {
  return typeof value !== 'string' && typeof (value as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] === 'function';
}

const POLICY = options({
  minIntervalMs: number,
  defaultIntervalMs: number,
  maxIntervalMs: number,
} satisfies Names<PollPolicy>);

const WAIT = options({ timeoutMs: number, policy: anything } satisfies Names<WaitOptions>);

/** The options of a call, those of a wait among them as `wait`. */
export function waitOptions<Others extends Table>(
  where: string,
  given: unknown,
  others: Others,
): Taken<Others> & { wait: NativeWait } {
  const taken = members(where, given, { ...WAIT, ...others }) as Taken<Others> & Taken<typeof WAIT>;
  const { timeoutMs, policy } = taken;
  const wait = bare({ timeoutMs, policy: policy === undefined ? undefined : members(`${where}: policy`, policy, POLICY) });
  return Object.assign(taken, { wait });
}

/** How the body of a callback is had as it was received. */
const RAW_BODY =
  "the request had no body, or a parser has consumed it. Pass the raw body (express.raw({ type: '*/*' }), Fastify's " +
  "addContentTypeParser with parseAs: 'buffer', await request.arrayBuffer()), not parsed JSON";

const CALLBACK = options({
  url: required(text),
  headers: required(anything),
  body: { ...required(anything), hint: `: ${RAW_BODY}` },
  replayGuard: guard,
} satisfies Names<CallbackParts>);
const CALLBACK_ONCE = { ...CALLBACK, replayGuard: required(guard) };

/** A callback's parts, as the compiled half takes them: the URL and the headers in one text. And the guard as it was given. */
export function callbackParts(where: 'verifyCallback' | 'verifyCallbackOnce', given: unknown) {
  const known = where === 'verifyCallbackOnce' ? CALLBACK_ONCE : CALLBACK;
  const { url, headers, body, replayGuard } = members(where, given, known);
  const head = [withoutNul(url)];
  reading(`${where}: headers`, () => addHeaders(head, where, headers));
  return { head: head.join(NUL), body: bytes(where, body, RAW_BODY), replayGuard };
}

/** What stands between texts that cross to the compiled half as one: no server lets it through within a URL or a header. */
const NUL = '\0';

/** What verifies a callback has no NUL, nor the character that takes its place. */
function withoutNul(value: string): string {
  return value.includes(NUL) ? value.replaceAll(NUL, '\uFFFD') : value;
}

/** Adds headers, names and values by turns, from a Headers, a Map, pairs, Node's rawHeaders, or an object. */
function addHeaders(flat: string[], where: string, given: unknown): void {
  if (typeof given !== 'object' || given === null || isDate(given) || isBoxedPrimitive(given) || ArrayBuffer.isView(given)) {
    throw new InvalidRequestError(`${where}: headers must be an object of headers; got ${kindOf(given)}`);
  }
  const addOne = (name: unknown, value: unknown) => {
    if (value !== undefined && value !== null) flat.push(headerText(where, name), headerText(where, value));
  };
  const add = (name: unknown, value: unknown) => {
    if (Array.isArray(value)) for (const each of value as unknown[]) addOne(name, each);
    else addOne(name, value);
  };
  if (Array.isArray(given) && given.every((part) => !Array.isArray(part))) {
    if (given.length % 2 !== 0) throw badHeader(where, 'names and values in turn, where they are an array', given.at(-1));
    for (let at = 0; at + 1 < given.length; at += 2) add(given[at], given[at + 1]);
  } else if (isList(given)) {
    for (const pair of given) {
      if (!Array.isArray(pair)) throw badHeader(where, 'pairs of a name and a value', pair);
      add(pair[0], pair[1]);
    }
  } else {
    for (const [name, value] of Object.entries(given)) add(name, value);
  }
}

function headerText(where: string, value: unknown): string {
  const given = isUint8Array(value) ? Buffer.from(value).toString('latin1') : value;
  if (!textOrNumber.fits(given)) throw badHeader(where, 'text or bytes', value);
  if (!text.fits(given)) return String(given);
  if (!isWellFormed(given)) throw new InvalidRequestError(halfOf(`${where}: headers`));
  return withoutNul(given);
}

function badHeader(where: string, wanted: string, value: unknown): InvalidRequestError {
  return new InvalidRequestError(`${where}: headers must be ${wanted}; got ${kindOf(value)}`);
}

/** The JSON of what callers give; not everything has one. */
export function jsonText(what: string, value: unknown): string {
  let json: unknown;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new InvalidRequestError(`${what} has no JSON: ${(cause as Error | null)?.message}`, { cause });
  }
  if (!text.fits(json)) throw new InvalidRequestError(`${what} has no JSON`);
  return json;
}

export function bytes(where: string, body: unknown, hint?: string): Uint8Array {
  if (typeof body === 'string') {
    if (!isWellFormed(body)) throw new InvalidRequestError(halfOf(`${where}: body`));
    return Buffer.from(body, 'utf8');
  }
  // Not `instanceof`: test runners give each file globals of its own.
  if (isUint8Array(body)) return body;
  if (isAnyArrayBuffer(body)) return Buffer.from(body);
  throw new InvalidRequestError(
    `${where}: body must be the bytes as received, a Buffer, a Uint8Array or a string; got ${kindOf(body)}${hint === undefined ? '' : `: ${hint}`}`,
  );
}
