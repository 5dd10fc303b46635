import netgiro from './index.cjs';

export const {
  Client,
  CartPoll,
  MemoryReplayGuard,
  Simulator,
  sign,
  NetgiroError,
  ConfigurationError,
  InvalidRequestError,
  ConnectError,
  TimeoutError,
  OutcomeUnknownError,
  ApiError,
  AuthenticationError,
  RateLimitedError,
  ServerError,
  SignatureError,
  ProtocolError,
  MismatchError,
  WaitTimeoutError,
  UnresolvedError,
} = netgiro;
