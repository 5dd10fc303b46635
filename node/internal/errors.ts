'use strict';
// The error classes, one for each code of the core's error table.

/** What the core calls by its Rust name, in JavaScript's spelling. */
const SPELLING = {
  app_key: 'appKey',
  base_url: 'baseUrl',
  body_as: 'bodyAs',
  ca_file: 'caFile',
  callback_cancel_url: 'callbackCancelUrl',
  callback_url: 'callbackUrl',
  cancel_cart: 'cancelCart',
  check_cart: 'checkCart',
  check_interval: 'checkInterval',
  confirm_cart: 'confirmCart',
  confirm_during: 'confirmDuring',
  confirmation_type: 'confirmationType',
  connect_timeout: 'connectTimeoutMs',
  customer_id: 'customerId',
  default_interval: 'defaultIntervalMs',
  delay_ms: 'delayMs',
  drip_ms: 'dripMs',
  drop_by: 'dropBy',
  failure_rate: 'failureRate',
  from_env: 'fromEnv',
  header_bytes: 'headerBytes',
  insert_cart: 'insertCart',
  is_first: 'isFirst',
  location_id: 'locationId',
  max_interval: 'maxIntervalMs',
  min_interval: 'minIntervalMs',
  payment_info: 'paymentInfo',
  payment_successful: 'paymentSuccessful',
  poll_step: 'pollStep',
  previous_secret_keys: 'previousSecretKeys',
  product_no: 'productNo',
  refuse_ms: 'refuseMs',
  register_id: 'registerId',
  replay_guard: 'replayGuard',
  response_verification: 'responseVerification',
  result_code: 'resultCode',
  retry_after: 'retryAfter',
  retry_for: 'retryForMs',
  secret_key: 'secretKey',
  settle_cart: 'settleCart',
  to_json: 'toJson',
  transaction_id: 'transactionId',
  unit_price: 'unitPrice',
  unknown_cart_code: 'unknownCartCode',
  wait_for_cart: 'waitForCart',
};

/** What may be such a name. Quoted text is skipped: it is the caller's or the server's own. */
const RUST_NAME = /"(?:[^"\\]|\\.)*"|\b[a-z]+(?:_[a-z]+)+\b/g;

/** What the errors of a class have in common. */
const USUAL = Symbol('usual');

class NetgiroError extends Error {
  constructor(message, facts = {}) {
    super(message, facts.cause == null ? undefined : { cause: facts.cause });
    const usual = new.target[USUAL] ?? {};
    this.code = usual.code ?? null;
    this.httpStatus = facts.httpStatus ?? null;
    this.resultCode = facts.resultCode ?? null;
    this.referenceId = facts.referenceId ?? null;
    this.requestSent = facts.requestSent ?? 'no';
    this.retryable = facts.retryable ?? usual.retryable ?? false;
    for (const extra of usual.extras ?? []) this[extra] = facts[extra] ?? null;
  }

  toJSON() {
    const { name, message, cause = null } = this;
    return { name, message, ...this, cause: cause instanceof Error && !cause.toJSON ? String(cause) : cause };
  }
}
nameIt(NetgiroError, 'NetgiroError');

const byCode = new Map();
const classes = { NetgiroError };

function define(name, code, { retryable = false, extras = [] } = {}) {
  const ErrorClass = { [name]: class extends NetgiroError {} }[name];
  ErrorClass[USUAL] = { code, retryable, extras };
  nameIt(ErrorClass, name);
  byCode.set(code, ErrorClass);
  classes[name] = ErrorClass;
}

function nameIt(ErrorClass, name) {
  // On the prototype: a name of the error's own would be printed twice.
  Object.defineProperty(ErrorClass.prototype, 'name', { value: name, configurable: true, writable: true });
}

define('ConfigurationError', 'configuration');
define('InvalidRequestError', 'invalid_request');
define('ConnectError', 'connect', { retryable: true });
define('TimeoutError', 'timeout', { retryable: true });
define('OutcomeUnknownError', 'outcome_unknown', { extras: ['reference'] });
define('ApiError', 'api');
define('AuthenticationError', 'authentication');
define('RateLimitedError', 'rate_limited', { retryable: true, extras: ['retryAfter'] });
define('ServerError', 'server', { retryable: true });
define('SignatureError', 'signature');
define('ProtocolError', 'protocol');
define('MismatchError', 'mismatch');
define('WaitTimeoutError', 'wait_timeout', { retryable: true, extras: ['state', 'poll'] });
define('UnresolvedError', 'unresolved', { retryable: true, extras: ['state', 'poll'] });

/** The error for facts from the core; a fault of the library's own has no code, and is no NetgiroError. */
function fromFacts(given) {
  // Nothing of what somebody may have added to `Object.prototype`.
  const facts = { __proto__: null, ...given };
  const message = facts.message.replace(RUST_NAME, (word) => SPELLING[word] ?? word);
  const ErrorClass = byCode.get(facts.code);
  if (!ErrorClass) return new Error(`netgiro failed: ${message}`);
  // Asked for late: both need this file first.
  return new ErrorClass(message, {
    __proto__: null,
    ...facts,
    state: facts.state && require('./results.cjs').state(facts.state),
    poll: facts.poll && require('./poll.cjs').fromView(facts.poll),
    cause: facts.cause && fromFacts(facts.cause),
  });
}

module.exports = { classes, fromFacts };
