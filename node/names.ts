// The names of the package.

export { Client, sign } from './client.js';
export { customerMessage, type CustomerMessageOptions } from './customer-message.js';
export { doctor, type DoctorCheck, type DoctorOptions, type DoctorReport } from './doctor.js';
export {
  ApiError,
  AuthenticationError,
  ConfigurationError,
  ConnectError,
  type ErrorCode,
  type ErrorFacts,
  InvalidRequestError,
  MismatchError,
  NetgiroError,
  OutcomeUnknownError,
  ProtocolError,
  RateLimitedError,
  type RequestSent,
  ServerError,
  SignatureError,
  TimeoutError,
} from './internal/errors.js';
export type * from './options.js';
export {
  type CartLike,
  CartPoll,
  type CartPollJson,
  type PollErrorFacts,
  UnresolvedError,
  WaitTimeoutError,
} from './poll.js';
export { MemoryReplayGuard } from './replay.js';
export { Simulator } from './simulator/simulator.js';
export type {
  Fault,
  SimulatedCallback,
  SimulatedCart,
  SimulatedRefund,
  SimulatedRequest,
  SimulatorOptions,
  Storm,
} from './simulator/options.js';
export type {
  AmountLike,
  ApiVersion,
  Callback,
  Cart,
  CartState,
  CartStateFields,
  CartStatus,
  Checking,
  CheckResult,
  CheckResults,
  Checkout,
  ConfirmationType,
  DecimalLike,
  EarlierResult,
  Endpoint,
  Environment,
  Following,
  OpenCartState,
  PaidCartState,
  PaymentInfo,
  PaymentInfoPolicy,
  PollEvent,
  Redirect,
  Refund,
  RequestEvent,
  ResponseVerification,
  Settlement,
  SettlementItem,
  Transaction,
  TransactionStatus,
  UnpaidCartState,
} from './values.js';
