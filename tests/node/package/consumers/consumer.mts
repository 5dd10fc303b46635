// A TypeScript consumer: compiled with everything strict, then run. What must not compile says so.
import {
  type ApiVersion,
  type Callback,
  type Cart,
  type CartState,
  type CartStatus,
  type CheckResult,
  type Checkout,
  type Endpoint,
  type ErrorCode,
  type PollEvent,
  type Redirect,
  type Refund,
  type ReplayGuard,
  type RequestEvent,
  type Transaction,
  type TransactionStatus,
  CartPoll,
  Client,
  MemoryReplayGuard,
  NetgiroError,
  OutcomeUnknownError,
  RateLimitedError,
  Simulator,
  WaitTimeoutError,
  sign,
} from 'netgiro';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<T extends true>(): T | undefined {
  return undefined;
}

/** Every status is handled: `state` is `never` at the end. */
function describe(state: CartState): string {
  switch (state.status) {
    case 'confirmed':
      same<Equal<typeof state.isPaid, true>>();
      return 'paid';
    case 'canceled':
    case 'declined':
    case 'not_found':
      same<Equal<typeof state.isFinal, true>>();
      same<Equal<typeof state.isPaid, false>>();
      return 'over';
    case 'pending':
    case 'needs_code':
    case 'reserved':
    case 'awaiting_callback':
    case 'unknown':
      same<Equal<typeof state.isFinal, false>>();
      return 'open';
    default: {
      const none: never = state;
      return none;
    }
  }
}

function narrow(result: CheckResult): CartStatus | ErrorCode {
  return result.error === null ? result.state.status : result.error.code;
}

function paid(state: CartState): 'confirmed' | undefined {
  return state.isPaid ? state.status : undefined;
}

const simulator = await Simulator.start({ seed: 1, decimals: 2, checkIntervalMs: null });
const client: Client = simulator.client({ timeoutMs: 2000, responseVerification: 'required' });
const cart: Cart = await client.insertCart(
  { amount: 4990n, reference: 'order-17', customerId: '8223281', items: [{ name: 'Ull', unitPrice: 4990, quantity: '1' }] },
  { signal: AbortSignal.timeout(2000) },
);
same<Equal<typeof cart.amount, number>>();
same<Equal<typeof cart.checkInterval, number | null>>();
simulator.confirm(cart);
for await (const change of client.watchCart(cart, { signal: new AbortController().signal })) describe(change);
for await (const result of client.waitMany([cart, cart.transactionId])) narrow(result);
const checking = client.checkMany(new Set([cart]), { rate: 50, retryForMs: 1000, resume: [] });
for await (const result of checking) narrow(result);
same<Equal<typeof checking.results.isComplete, boolean>>();
const again = await client.checkMany([cart], { resume: JSON.parse(JSON.stringify(await checking)) });
same<Equal<ReturnType<typeof again.toCSV>, string>>();
const [first] = await client.checkMany([cart], { onProgress: (done: number, total: number) => done / total });
const state = await client.waitForCart(new CartPoll(cart), { onUpdate: (seen) => describe(seen) });
const amount: string | null | undefined = state.payment?.totalAmount;
const error: unknown = await client.checkCart('nonsense').catch((reason: unknown) => reason);
if (error instanceof OutcomeUnknownError) same<Equal<typeof error.reference, string | null>>();
if (error instanceof RateLimitedError) same<Equal<typeof error.retryAfter, number | null>>();
if (error instanceof WaitTimeoutError) same<Equal<typeof error.poll, CartPoll | null>>();
if (!(error instanceof NetgiroError)) throw error;
const code: ErrorCode = error.code;
const callback = () => client.verifyCallback({ url: 'https://shop.is', headers: new Headers(), body: new Uint8Array() });
const verified: () => boolean = () => callback().matches(4990, 'order-17');
const decimal = { toFixed: () => '4990.00', toString: () => '4990.00' };
const row = { transactionId: cart.transactionId, amount: '4990.00', reference: 'order-17', customer: 'somebody' };
void (() => [client.checkCart(row), client.checkMany([row, { ...row, amount: 4990n }, { ...row, amount: decimal }])]);
void (() => client.insertCart({ amount: decimal, reference: 'order-17', customerId: '8223281' }));
const ofV2: Client = simulator.client({ api: 'v2' });
void (() => ofV2.insertCart({ amount: 4990, reference: 'order-17', accessCode: '1234567890', customerId: null }));
void (() => ofV2.insertCart({ amount: 4990, reference: 'order-17', barcode: '5000041234', confirmationType: 'manual' }));
const captured = async (): Promise<[CartState, CartState, ApiVersion]> => {
  const reserved = await ofV2.captureCart(row, { amount: decimal, signal: AbortSignal.timeout(2000) });
  return [reserved, await ofV2.voidCart(cart), reserved.api];
};
same<Equal<Callback['state'], CartState | null>>();
void captured;
const refunded = async (): Promise<[Refund, TransactionStatus, boolean | null]> => {
  const refund = await client.refundCart(cart, decimal, { idempotencyKey: 'order-17-line-2', description: null });
  const { status, isRefundable }: Transaction = await client.getTransaction(row);
  return [refund, status, isRefundable];
};
void (async (): Promise<Cart | null> => client.findByReference('order-17', { amount: decimal }));
const hosted = async (): Promise<[Checkout, Redirect, string]> => {
  const pages = { successUrl: 'https://shop.is/paid', cancelUrl: 'https://shop.is/canceled', callbackUrl: null };
  const checkout = await client.createCheckout({ amount: decimal, reference: 'order-17', ...pages, manualCapture: true });
  const redirect = client.verifyRedirect('https://shop.is/paid?Status=2', { amount: '4990', reference: 'order-17' });
  return [checkout, redirect, redirect.status satisfies CartStatus];
};
void (() => callback().matches('4990.00', 'order-17') && callback().matches(decimal, 'order-17'));
void (() => client.settleCart(structuredClone(new CartPoll(row))));

const replayGuard: ReplayGuard = new MemoryReplayGuard({ capacity: 10 });
const parts = { url: 'https://shop.is', headers: [['netgiro_nonce', '1']] as const, body: '{}' };
const once: () => Promise<Callback> = () =>
  client.verifyCallbackOnce({ ...parts, replayGuard: { isFirst: async (nonce, signature) => nonce !== signature } });
void (() => client.verifyCallback({ ...parts, replayGuard }));
const onRequest = ({ endpoint, durationMs, error: failed }: RequestEvent): [Endpoint, number, ErrorCode | null] => [endpoint, durationMs, failed];
const onPoll = ({ status, nextCheckAt }: PollEvent): [CartStatus | null, number | null] => [status, nextCheckAt];
simulator.addFault('*', { drop: 'within', dropBy: 'reset', bodyAs: 'gzip', headers: { location: '/' }, count: 2 });
simulator.storm({ seed: 7, failureRate: 0.5 });
simulator.clearFaults();
void (() => new Client({ appKey: '', secretKey: '', previousSecretKeys: ['old'], proxy: 'http://proxy.shop.is:3128' }));
void [once, onRequest, onPoll, refunded, hosted];

// @ts-expect-error a guard that has to wait goes with verifyCallbackOnce
void (() => client.verifyCallback({ ...parts, replayGuard: { isFirst: async () => true } }));
// @ts-expect-error no such fault
void (() => simulator.addFault('CheckCart', { drop: 'never' }));
// @ts-expect-error no such environment
void (() => new Client({ appKey: '', secretKey: '', environment: 'staging' }));
// @ts-expect-error no such option
void (() => new Client({ appKey: '', secretKey: '', timeout: 5 }));
// @ts-expect-error the simulator has its own
void (() => simulator.client({ checkoutBaseUrl: 'https://shop.example/' }));
// @ts-expect-error a row's reference is text
void (() => client.checkCart({ transactionId: '', reference: 17 }));
// @ts-expect-error an amount is no boolean
void (() => callback().matches(true, 'order-17'));
// @ts-expect-error options are named
void (() => client.insertCart({ amount: 4990, reference: 'a', customerId: 'b' }, new AbortController().signal));
// @ts-expect-error an amount is a number
void (() => client.insertCart({ amount: '4990', reference: 'a', customerId: 'b' }));
// @ts-expect-error a refund has a key
void (() => client.refundCart(cart, 4990, {}));
// @ts-expect-error options with the key are required
void (() => client.refundCart(cart, 4990));
// @ts-expect-error an amount is a number
void (() => client.refundCart(cart, '4990', { idempotencyKey: 'a' }));
// @ts-expect-error the pages are required
void (() => client.createCheckout({ amount: 4990, reference: 'a' }));
// @ts-expect-error a reference is required
void (() => client.insertCart({ amount: 4990, customerId: 'b' }));
// @ts-expect-error somebody is asked
void (() => client.insertCart({ amount: 4990, reference: 'a' }));
// @ts-expect-error one customer is asked
void (() => client.insertCart({ amount: 4990, reference: 'a', customerId: 'b', accessCode: 'c' }));
// @ts-expect-error no such API
void (() => simulator.client({ api: 'v3' }));
// @ts-expect-error a part is an amount
void (() => client.captureCart(cart, { amount: '4990' }));
// @ts-expect-error results are read-only
void (() => (state.status = 'confirmed'));
// @ts-expect-error no such status
void (state.status === 'paid');
// @ts-expect-error received amounts are text
void (() => state.payment?.totalAmount?.toFixed());
// @ts-expect-error a simulator is started
void (() => new Simulator());

console.log(JSON.stringify([describe(state), paid(state), first && narrow(first), amount, code, typeof verified, sign('', '', '', '').length]));
await simulator.close();
