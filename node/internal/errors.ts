// The error classes, one for each code of the core's error table. Those that carry a poll are in `poll.ts`.

import { inspect } from 'node:util';
import { native } from './native.js';
import { beginAtEntry } from './stacks.js';

/** The code of an error, the same in Rust, Python and Node. */
export type ErrorCode =
  | 'configuration'
  | 'invalid_request'
  | 'connect'
  | 'timeout'
  | 'outcome_unknown'
  | 'api'
  | 'authentication'
  | 'rate_limited'
  | 'server'
  | 'signature'
  | 'protocol'
  | 'mismatch'
  | 'wait_timeout'
  | 'unresolved';

/** Whether a request left this machine: not one byte of it, some of it, or it was answered. */
export type RequestSent = 'no' | 'maybe' | 'yes';

/** The facts of an error, for those you make yourself in tests. */
export interface ErrorFacts {
  /** The error that led to it. Default none. */
  cause?: unknown;
  /** The HTTP status. Default null. */
  httpStatus?: number | null | undefined;
  /** Netgíró's result code. Default null. */
  resultCode?: number | null | undefined;
  /** What identifies the call to Netgíró's support. Default null. */
  referenceId?: string | null | undefined;
  /** Whether the request left this machine. Default `no`. */
  requestSent?: RequestSent | undefined;
  /** Whether making the same call again is safe and may succeed. Default: what is usual for the class. */
  retryable?: boolean | undefined;
}

/** What the errors of a class have in common. */
interface Usual {
  readonly code: ErrorCode;
  readonly retryable: boolean;
}

/**
 * Where an error keeps which call failed, where that decides what the customer is told.
 * @internal
 */
export const FAILED_CALL: unique symbol = Symbol('failed call');

/** Where a class's prototype keeps it. */
const USUAL: unique symbol = Symbol('usual');

/**
 * A class of errors; which facts it takes is its own affair.
 * @internal
 */
export type ErrorClass = new (message: string, facts: never) => NetgiroError;

/**
 * The classes by their code.
 * @internal
 */
export const byCode = new Map<string | null, ErrorClass>();

/** What every call of this package fails with. `cause` is the error that led to it. */
export class NetgiroError extends Error {
  /** The code of the class. */
  readonly code: ErrorCode;
  /** The HTTP status, when there was an answer. */
  readonly httpStatus: number | null;
  /** Netgíró's result code, when the answer held one. */
  readonly resultCode: number | null;
  /** What identifies the call to Netgíró's support. */
  readonly referenceId: string | null;
  /** Whether the request left this machine. */
  readonly requestSent: RequestSent;
  /** Whether making the same call again is safe and may succeed. */
  readonly retryable: boolean;

  /** @internal */
  declare readonly [USUAL]: Usual | undefined;

  /** @internal */
  declare readonly [FAILED_CALL]: string | undefined;

  /** An error as this package makes it, for tests. */
  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause == null ? undefined : { cause: facts.cause });
    const usual = this[USUAL];
    // Null for this class itself, whose objects nobody is given.
    this.code = (usual?.code ?? null) as ErrorCode;
    this.httpStatus = facts.httpStatus ?? null;
    this.resultCode = facts.resultCode ?? null;
    this.referenceId = facts.referenceId ?? null;
    this.requestSent = facts.requestSent ?? 'no';
    this.retryable = facts.retryable ?? usual?.retryable ?? false;
    beginAtEntry(this);
  }

  /**
   * What the customer may read about it, in whole sentences: in Icelandic, or with another `lang` than `'is'` (a tag such as
   * `'is-IS'` counts) in English. It says that nothing was charged only where that is known, and holds no developer's words,
   * codes or numbers.
   * @throws {@link InvalidRequestError} for a `lang` that is not a string.
   */
  customerMessage(lang = 'is'): string {
    const { message, resultCode, [FAILED_CALL]: call } = this;
    return native.errorMessage(this[USUAL]?.code, message, resultCode ?? undefined, call, languageTag(lang));
  }

  /** The error with all its facts, for logs. */
  toJSON(): object {
    const { name, message, cause = null } = this;
    const isText = cause instanceof Error && !('toJSON' in cause);
    return Object.assign({ name, message }, this, { cause: isText ? String(cause) : cause });
  }
}
nameIt(NetgiroError, 'NetgiroError');

/** Bad keys, http outside loopback, a bad URL. */
export class ConfigurationError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'configuration';
}
define(ConfigurationError, 'ConfigurationError', { code: 'configuration', retryable: false });

/** Refused here, before anything was sent. */
export class InvalidRequestError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'invalid_request';
}
define(InvalidRequestError, 'InvalidRequestError', { code: 'invalid_request', retryable: false });

/** Never sent: safe to try again. */
export class ConnectError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'connect';
}
define(ConnectError, 'ConnectError', { code: 'connect', retryable: true });

/** A read-only or repeatable call ran out of time. */
export class TimeoutError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'timeout';
}
define(TimeoutError, 'TimeoutError', { code: 'timeout', retryable: true });

/**
 * `insertCart` may have reached the server, so the customer may have been asked: do not simply send it again. Or a refund may
 * have been made: it has its `idempotencyKey`, and is `retryable`, since the same call with the same key refunds once. Or a hosted
 * checkout may have been created, on whose page nobody can have paid.
 */
export class OutcomeUnknownError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'outcome_unknown';
  /** The reference of the order; null for a refund. */
  readonly reference: string | null;
  /** The key to refund again with; null for an insert and a checkout. */
  readonly idempotencyKey: string | null;

  /** An error as this package makes it, for tests. */
  constructor(
    message: string,
    facts: ErrorFacts & { reference?: string | null | undefined; idempotencyKey?: string | null | undefined } = {},
  ) {
    super(message, facts);
    this.reference = facts.reference ?? null;
    this.idempotencyKey = facts.idempotencyKey ?? null;
  }
}
define(OutcomeUnknownError, 'OutcomeUnknownError', { code: 'outcome_unknown', retryable: false });

/** Netgíró said no; `resultCode` says why. */
export class ApiError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'api';
}
define(ApiError, 'ApiError', { code: 'api', retryable: false });

/** Netgíró did not accept the keys or the signature (HTTP 401, 403). */
export class AuthenticationError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'authentication';
}
define(AuthenticationError, 'AuthenticationError', { code: 'authentication', retryable: false });

/** Too many calls (HTTP 429). */
export class RateLimitedError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'rate_limited';
  /** How long the server asks to be left alone, in milliseconds. */
  readonly retryAfter: number | null;

  /** An error as this package makes it, for tests. `retryAfter` is in milliseconds. */
  constructor(message: string, facts: ErrorFacts & { retryAfter?: number | null | undefined } = {}) {
    super(message, facts);
    this.retryAfter = facts.retryAfter ?? null;
  }
}
define(RateLimitedError, 'RateLimitedError', { code: 'rate_limited', retryable: true });

/** HTTP 5xx, a broken answer, or a body that is not the API's. */
export class ServerError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'server';
}
define(ServerError, 'ServerError', { code: 'server', retryable: true });

/** A response or a callback that does not verify. */
export class SignatureError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'signature';
}
define(SignatureError, 'SignatureError', { code: 'signature', retryable: false });

/** Contradictory or malformed data. */
export class ProtocolError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'protocol';
}
define(ProtocolError, 'ProtocolError', { code: 'protocol', retryable: false });

/** Paid, but another amount or reference than the cart's. */
export class MismatchError extends NetgiroError {
  /** The code of the class. */
  declare readonly code: 'mismatch';
}
define(MismatchError, 'MismatchError', { code: 'mismatch', retryable: false });

/**
 * A language's tag as it was given, if it is one.
 * @internal
 */
export function languageTag(lang: unknown): string {
  if (typeof lang === 'string') return lang;
  throw new InvalidRequestError(`lang must be a string such as "is" or "en"; got ${inspect(lang, { depth: 0 })}`);
}

/**
 * Enters a class under its code. Its name is given, since bundlers shorten those of classes.
 * @internal
 */
export function define(ErrorClass: ErrorClass, name: string, usual: Usual): void {
  Object.defineProperty(ErrorClass.prototype, USUAL, { value: usual });
  nameIt(ErrorClass, name);
  byCode.set(usual.code, ErrorClass);
}

function nameIt(ErrorClass: ErrorClass, name: string): void {
  // On the prototype: a name of the error's own would be printed twice.
  Object.defineProperty(ErrorClass.prototype, 'name', { value: name, configurable: true, writable: true });
}
