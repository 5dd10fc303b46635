// The same module for `import`: its classes and its state are those of the CommonJS build.

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
} from './index.js';
export type * from './index.js';
