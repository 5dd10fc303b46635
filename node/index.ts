/**
 * Take payments with Netgíró: insert a cart, follow it, settle it. An unofficial client.
 *
 * Durations are in milliseconds, amounts in whole krónur. What is absent is `null`, never `undefined`.
 * Results are plain frozen objects: they survive `JSON.stringify` and `structuredClone`.
 *
 * @packageDocumentation
 */

import * as netgiro from './names.js';

/** All names of this package. */
export default netgiro;
// One by one: checkers of types hold a default beside `export *` for all that a module has.
export {
  ApiError,
  AuthenticationError,
  CartPoll,
  Client,
  ConfigurationError,
  ConnectError,
  customerMessage,
  doctor,
  InvalidRequestError,
  MemoryReplayGuard,
  MismatchError,
  NetgiroError,
  OutcomeUnknownError,
  ProtocolError,
  RateLimitedError,
  ServerError,
  SignatureError,
  sign,
  Simulator,
  TimeoutError,
  UnresolvedError,
  WaitTimeoutError,
} from './names.js';
export type * from './names.js';
