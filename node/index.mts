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
} from './names.js';
export { default } from './names.js';
export type * from './names.js';
