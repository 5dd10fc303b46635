// The compiled half: what it has, and how it is found and loaded.

import { AsyncResource } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

declare const VALUE: unique symbol;

/** JSON text, `{"value": …}` or `{"error": …}`: the answer of a function that ends at once. */
export type Reply<T> = string & { readonly [VALUE]?: T };

/** Null for a call that was started, or the JSON text `{"error": …}` of why it was refused; its value comes as a message. */
export type Started<T> = Reply<T> | null;

/** A native object, or the answer that says why there is none. */
export type Made<T> = T | Reply<never>;

/** A number or text as it is, the exact text of a decimal object, or what neither is as it prints. */
export type NativeAmount = number | bigint | string | { decimal: string } | { other: string };

/** A cart: the text of its id, its poll, or what is known of it. */
export type NativeCart = string | KnownCart;

export interface KnownCart {
  transactionId?: string | undefined;
  amount?: NativeAmount | undefined;
  reference?: string | undefined;
  checkInterval?: number | undefined;
  poll?: string | undefined;
}

export interface NativeWait {
  timeoutMs: number | undefined;
  policy: object | undefined;
}

export interface NativeBulk {
  concurrency: number | undefined;
  rate: number | undefined;
  retryForMs: number | undefined;
  /** JSON: states, and the polls of waits that were cut short. */
  resume: string | undefined;
}

/** A state's members without their names, in the order of `STATE` in `values.ts`. */
export type StateView = readonly unknown[];

export interface PollView {
  readonly token: string;
  readonly transactionId: string;
  readonly nextCheckAt: number;
  readonly deadline: number;
  readonly state: StateView | null;
  readonly isDone: boolean;
}

/** An error as data. One without a code is a fault of the library's own. */
export interface ErrorView {
  readonly code: string | null;
  readonly message: string;
  readonly state: StateView | null;
  readonly poll: PollView | null;
  readonly failedCall: string | null;
  readonly cause: ErrorView | null;
}

/** A result: its state, or its error and the cart's id. */
export type CheckView = readonly [state: StateView] | readonly [state: null, error: ErrorView, transactionId: string];

export type CallbackView = readonly [
  transactionId: string,
  reference: string | null,
  amount: string | null,
  state: StateView | null,
  referenceId: string | null,
];

/** What tells a callback from others, and what a replay guard is asked about it. */
export type ReplayKey = readonly [nonce: string, signature: string];

/** A cart as the core has read it. */
export interface CartRefView {
  readonly transactionId: string;
  readonly amount: number | null;
  readonly reference: string | null;
}

export interface RouteAnswerView {
  readonly status: number;
  readonly text: string;
  readonly header: readonly [name: string, value: string] | null;
  /** Why, for the shop's log. */
  readonly reason: string;
}

/** The largest body that a callback route reads, and the answers that need no request. */
export interface RouteLimits {
  readonly maxBody: number;
  readonly tooLarge: RouteAnswerView;
  readonly failed: RouteAnswerView;
}

/** What a callback route is to do for a request. */
export type RouteAction = 'read_body' | 'verify' | 'find_order' | 'ask_guard' | 'record' | 'forget';

/** How far a request has got: what is to be done next, or what is to be answered. */
export type RouteView =
  | { readonly action: RouteAction; readonly answer: null }
  | { readonly action: 'answer'; readonly answer: RouteAnswerView };

/** A cart, as the state machine of a route compares it. */
interface ComparedCart {
  readonly cart: string;
  readonly amount: string | number | null;
  readonly reference: string | null;
}

/** The outcome of a {@link RouteAction}. */
export type RouteOutcome =
  | 'done'
  | { readonly body: number }
  | { readonly verified: ComparedCart & { readonly signature: string | null } }
  | { readonly rejected: string }
  | { readonly order: ComparedCart | null }
  | { readonly not_kronur: string }
  | { readonly first: boolean }
  | { readonly failed: string }
  | { readonly unusable: string }
  | { readonly refused: readonly [status: number, reason: string] };

/** What is to be done for a cart that was called back. */
export type FollowUpAction = 'claim' | 'check' | 'settle' | 'call' | 'done' | 'release';

export type FollowUpView =
  | { readonly action: FollowUpAction; readonly delayMs: null }
  | { readonly action: 'end'; readonly delayMs: null }
  | { readonly action: 'wait'; readonly delayMs: number };

/** The outcome of a {@link FollowUpAction}, or of a wait; polls are their tokens. */
export type FollowUpOutcome =
  | 'done'
  | 'stopped'
  | { readonly claimed: boolean }
  | { readonly checked: string }
  | { readonly failed: { readonly code?: string; readonly poll?: string | undefined } };

/** What an aborted call leaves behind when it may have had an effect. */
export interface Dropped {
  readonly error: ErrorView;
  readonly event: object | null;
}

export interface Port {
  hold(hold: boolean): void;
  listen(requests: boolean, polls: boolean): void;
  /** The JSON text of {@link Dropped}, or null. */
  cancel(call: number): string | null;
  /** Closes it for good. */
  close(): void;
}

export interface NativeClient {
  readonly api: 'v1' | 'v2';
  readonly baseUrl: string;
  readonly isLoopback: boolean;
  close(): void;
  insertCart<T>(port: Port, call: number, cart: object): Started<T>;
  checkCart(port: Port, call: number, cart: NativeCart): Started<StateView>;
  cancelCart(port: Port, call: number, cart: NativeCart): Started<StateView>;
  confirmCart(port: Port, call: number, cart: NativeCart, identifier: string | undefined): Started<StateView>;
  captureCart(port: Port, call: number, cart: NativeCart, amount: NativeAmount | undefined): Started<StateView>;
  voidCart(port: Port, call: number, cart: NativeCart): Started<StateView>;
  waitForCart(port: Port, call: number, cart: NativeCart, wait: NativeWait, settle: boolean): Started<StateView>;
  watchCart(cart: NativeCart, wait: NativeWait): Made<NativeWatch>;
  checkMany(port: Port, call: number, carts: readonly NativeCart[], bulk: NativeBulk): Started<null>;
  waitMany(carts: readonly NativeCart[], wait: NativeWait, bulk: NativeBulk): Made<NativeWaiting>;
  findByReference<T>(port: Port, call: number, reference: string, amount: NativeAmount): Started<T>;
  refundCart<T>(port: Port, call: number, cart: NativeCart, refund: object): Started<T>;
  getTransaction<T>(port: Port, call: number, cart: NativeCart): Started<T>;
  createCheckout<T>(port: Port, call: number, checkout: object): Started<T>;
  verifiedRedirect<T>(url: string, amount: NativeAmount | undefined, reference: string | undefined): Reply<T>;
  settlements<T>(port: Port, call: number, from: string, to: string, number: string | undefined): Started<T[]>;
  settlementItems<T>(port: Port, call: number, number: string): Started<T[]>;
  pollStep(port: Port, call: number, token: string): Started<PollView>;
  /** Takes the URL, and the headers as names and values by turns, in one text with a NUL between each. */
  verifiedCallback(head: string, body: Uint8Array): Reply<[callback: CallbackView, key: ReplayKey | null]>;
}

export interface NativeWatch {
  next(port: Port, call: number): Started<StateView | null>;
}

export interface NativeWaiting {
  run(port: Port, call: number): Started<null>;
}

export interface NativeReplayGuard {
  isFirst(nonce: string, signature: string): boolean;
}

export interface NativeRoute {
  request(method: string): NativeRequest;
}

export interface NativeRequest {
  standing(): Reply<RouteView>;
  /** Takes the JSON text of a {@link RouteOutcome}. */
  step(outcome: string): Reply<RouteView>;
}

export interface NativeFollowUp {
  standing(): Reply<FollowUpView>;
  poll(): Reply<PollView>;
  /** Takes the JSON text of a {@link FollowUpOutcome}, and for how long the cart has been followed. */
  step(outcome: string, elapsedMs: number, now?: number): Reply<FollowUpView>;
}

export interface NativeSimulator {
  readonly url: string;
  readonly pageUrl: string;
  readonly localUrl: string;
  readonly caFile: string | null;
  readonly appKey: string;
  readonly secretKey: string;
  confirm(id: string): Reply<null>;
  decline(id: string): Reply<null>;
  expire(id: string): Reply<null>;
  withhold(id: string): Reply<null>;
  advance(ms: number): Reply<null>;
  now(): string;
  /** JSON, as the two that follow. */
  carts(): string;
  requests(): string;
  callbacks(): string;
  cart<T>(id: string): Reply<T | null>;
  addFault(fault: string, body: Uint8Array | undefined): Reply<null>;
  storm(storm: object): Reply<null>;
  clearFaults(): void;
  close(): void;
}

export interface Native {
  readonly Port: new (deliver: (messages: string) => void) => Port;
  readonly NativeCommand: new (args: readonly string[], program: readonly string[]) => { run(): Promise<number>; interrupt(): boolean };
  readonly NativeRoute: new (hasGuard: boolean) => NativeRoute;
  readonly NativeSimulator: abstract new () => NativeSimulator;
  makeClient(options: object): Made<NativeClient>;
  makeClientFromEnv(variable: (name: string) => string | undefined): Made<NativeClient>;
  makeReplayGuard(capacity: number | undefined): Made<NativeReplayGuard>;
  startSimulator(options: object): Made<NativeSimulator>;
  readCart(cart: NativeCart): Reply<CartRefView>;
  routeLimits(): Reply<RouteLimits>;
  followUp(cart: NativeCart, now?: number): Made<NativeFollowUp>;
  followUpInMessages(token: string): Made<NativeFollowUp>;
  startPoll(cart: NativeCart, wait: NativeWait, now: number | undefined): Reply<PollView>;
  readPoll(token: string): Reply<PollView>;
  answerPoll(
    token: string,
    seen: object,
    sentAt: number | undefined,
    now: number | undefined,
    jitter: number | undefined,
  ): Reply<PollView>;
  pollDelay(token: string, now: number | undefined): Reply<number>;
  callbackMatches(
    amount: string | null,
    reference: string | null,
    itsAmount: NativeAmount,
    itsReference: string,
  ): Reply<boolean>;
  callbackReplayed(referenceId: string | null): Reply<never>;
  sign(secretKey: string, nonce: string, url: string, body: Uint8Array): string;
  doctor<T>(
    port: Port,
    call: number,
    options: object,
    variable: (name: string) => string | undefined,
  ): Started<T>;
  csvCell(text: string): string;
  errorMessage(
    code: string | undefined,
    message: string,
    resultCode: number | undefined,
    failedCall: string | undefined,
    lang: string,
  ): string;
  statusMessage(status: string, timedOut: boolean, lang: string): Reply<string>;
}

/**
 * Outside of any request: where the compiled half is loaded, and where the port is made. Both live as long as the process, and
 * Node keeps with each the context for `AsyncLocalStorage` that it was made in. That of the process's first request would be
 * everybody's context whenever the compiled half tells something, and its store would never be freed. This one is made when the
 * package is loaded; what it has from a request that loads the package (Node keeps it under symbols) is let go of.
 */
class Outside extends AsyncResource {
  /** It holds nothing: for test runners that look for open handles. */
  hasRef(): boolean {
    return false;
  }
}

export const outside = new Outside('Netgiro');
for (const symbol of Object.getOwnPropertySymbols(outside)) {
  if (['context_frame', 'kResourceStore'].includes(symbol.description ?? '')) Reflect.set(outside, symbol, undefined);
}

/** Where this file is in the package as npm installs it, and surely not in a shop's bundle. */
const INSTALLED = /[\\/]node_modules[\\/]netgiro[\\/]node[\\/]dist[\\/]index\.js$/;

/** The platforms that a package is published for. */
const PUBLISHED: readonly string[] = [
  'linux-x64-gnu',
  'linux-arm64-gnu',
  'linux-x64-musl',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc',
  'win32-arm64-msvc',
];
const PLATFORMS = 'Linux (glibc 2.17 or musl 1.2, and later), macOS and Windows, each on x64 and arm64';
const FROM_SOURCE = 'Elsewhere, build it from its source: see "Other platforms", docs/frameworks/bundlers.md, in the documentation of netgiro';

export const native = outside.runInAsyncScope(load);

function load(): Native {
  const targets = targetsOf(process);
  let failure: unknown;
  for (const target of targets) {
    for (const attempt of isKnownMissing(target) ? [packaged] : [beside, packaged]) {
      const { addon, error } = attempt(target);
      if (addon) return addon;
      // One that is there and cannot be loaded says more than one that is not there.
      if (failure === undefined || !isMissing(error)) failure = error;
    }
  }
  throw new Error(`netgiro cannot load its compiled half: ${remedy(failure, targets)}`, { cause: failure });
}

/** Whether there is no addon beside the package's own JavaScript, as in what is published: a `require` that fails takes longer. */
function isKnownMissing(target: string): boolean {
  return typeof __filename === 'string' && INSTALLED.test(__filename) && !existsSync(resolve(__filename, '../..', fileOf(target)));
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'MODULE_NOT_FOUND';
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException | null | undefined)?.code;
}

/** What is to be done where none could be loaded. */
function remedy(failure: unknown, targets: readonly string[]): string {
  if (codeOf(failure) === 'ERR_DLOPEN_DISABLED') {
    return (
      'Node was started with --no-addons, or with --permission and without --allow-addons, maybe by NODE_OPTIONS. ' +
      'Start it without the one, or with --allow-addons'
    );
  }
  const [file] = bases();
  if (file === undefined || !isInstalled(file)) {
    return (
      `no ${targets.map(fileOf).join(' or ')} beside ${file ?? 'this bundle'} that can be loaded. Keep netgiro out of the bundle ` +
      '("external", "serverExternalPackages") and in node_modules, or give the bundler a loader for .node files: see "Bundlers ' +
      'and serverless", docs/frameworks/bundlers.md, in the documentation of netgiro'
    );
  }
  const known = targets.filter((target) => PUBLISHED.includes(target));
  const there = `It is published for ${PLATFORMS}`;
  if (known.length === 0) {
    return `there is none for ${process.platform}-${process.arch}. ${there}. ${FROM_SOURCE}`;
  }
  const packages = known.map(packageOf).join(' or ');
  const again =
    'Install again on the platform that the program runs on, and copy no node_modules from another: "rm -r node_modules", then "npm ci"';
  if (isMissing(failure)) {
    return (
      `${packages} is not installed in ${resolve(file, '../../..')}. It is an optional dependency of netgiro, which ` +
      `--omit=optional and --no-optional leave out. ${again}. ${there}`
    );
  }
  return `this system refuses ${packages}: ${failure instanceof Error ? failure.message : String(failure)}. ${again}. ${there}. ${FROM_SOURCE}`;
}

/** Whether a file is this package's own, and none that a bundler has made of it. */
function isInstalled(file: string): boolean {
  try {
    return (createRequire(file)('../../package.json') as { name?: unknown }).name === 'netgiro';
  } catch {
    return false;
  }
}

/** Files that what a bundler has emitted may be beside: this one, whatever the bundle leaves of its name, or the program's. */
function bases(): string[] {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- kept, not called
  const { prepareStackTrace } = Error;
  let found: unknown;
  try {
    Error.prepareStackTrace = (_error, [site]) => site?.getFileName();
    found = new Error().stack;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
  const known = [typeof __filename === 'string' ? __filename : undefined, found, process.argv[1]];
  return known
    .filter((each) => typeof each === 'string')
    .map((each) => (each.startsWith('file:') ? fileURLToPath(each) : each))
    .filter(isAbsolute);
}

/** The addon, or that of the file which a bundler has emitted, whose name it gives in place of the addon. */
function loaded(found: unknown): Native {
  const name = typeof found === 'object' && found !== null && 'default' in found ? found.default : found;
  if (typeof name !== 'string') return found as Native;
  const path = name.startsWith('file:') ? fileURLToPath(name) : name;
  let failure: unknown;
  for (const base of bases()) {
    for (const each of [resolve(base, '..', path), resolve(base, '..', basename(path))]) {
      try {
        return createRequire(base)(each) as Native;
      } catch (error) {
        if (failure === undefined || codeOf(error) !== 'MODULE_NOT_FOUND') failure = error;
      }
    }
  }
  throw failure;
}

/** What this platform's file may be called. Which C library Linux has is quicker tried than found out. */
function targetsOf({ platform, arch }: NodeJS.Process): string[] {
  if (platform === 'linux') return [`linux-${arch}-gnu`, `linux-${arch}-musl`];
  if (platform === 'win32') return [`win32-${arch}-msvc`];
  return [`${platform}-${arch}`];
}

interface Attempt {
  readonly addon?: Native;
  readonly error?: unknown;
}

function packageOf(target: string): string {
  return `netgiro-${target}`;
}

function fileOf(target: string): string {
  return `netgiro.${target}.node`;
}

/**
 * The addon of a platform's package, or that of what a bundler has made of its file. Bundlers find the packages, and below
 * the files, by these literal names, and in a `try` they pass by those of other platforms. The comments are there for those
 * that print the line which they have no loader for.
 */
function packaged(target: string): Attempt {
  try {
    let found: unknown;
    switch (target) {
      case 'linux-x64-gnu':
        found = require('netgiro-linux-x64-gnu'); // bundlers.md
        break;
      case 'linux-arm64-gnu':
        found = require('netgiro-linux-arm64-gnu'); // bundlers.md
        break;
      case 'linux-x64-musl':
        found = require('netgiro-linux-x64-musl'); // bundlers.md
        break;
      case 'linux-arm64-musl':
        found = require('netgiro-linux-arm64-musl'); // bundlers.md
        break;
      case 'darwin-x64':
        found = require('netgiro-darwin-x64'); // bundlers.md
        break;
      case 'darwin-arm64':
        found = require('netgiro-darwin-arm64'); // bundlers.md
        break;
      case 'win32-x64-msvc':
        found = require('netgiro-win32-x64-msvc'); // bundlers.md
        break;
      case 'win32-arm64-msvc':
        found = require('netgiro-win32-arm64-msvc'); // bundlers.md
        break;
      default:
        // What somebody has built for a platform that the package is not published for.
        found = createRequire(bases()[0] ?? process.execPath)(packageOf(target));
    }
    return { addon: loaded(found) };
  } catch (error) {
    return { error };
  }
}

/** The addon that was built in this folder, by `npm run build`. Paths are from where this file's code is then: `dist/index.js`. */
function beside(target: string): Attempt {
  try {
    let found: unknown;
    switch (target) {
      case 'linux-x64-gnu':
        found = require('../netgiro.linux-x64-gnu.node'); // bundlers.md
        break;
      case 'linux-arm64-gnu':
        found = require('../netgiro.linux-arm64-gnu.node'); // bundlers.md
        break;
      case 'linux-x64-musl':
        found = require('../netgiro.linux-x64-musl.node'); // bundlers.md
        break;
      case 'linux-arm64-musl':
        found = require('../netgiro.linux-arm64-musl.node'); // bundlers.md
        break;
      case 'darwin-x64':
        found = require('../netgiro.darwin-x64.node'); // bundlers.md
        break;
      case 'darwin-arm64':
        found = require('../netgiro.darwin-arm64.node'); // bundlers.md
        break;
      case 'win32-x64-msvc':
        found = require('../netgiro.win32-x64-msvc.node'); // bundlers.md
        break;
      case 'win32-arm64-msvc':
        found = require('../netgiro.win32-arm64-msvc.node'); // bundlers.md
        break;
      default:
        // What somebody has built for a platform that the package is not published for.
        found = createRequire(bases()[0] ?? process.execPath)(`../${fileOf(target)}`);
    }
    return { addon: loaded(found) };
  } catch (error) {
    return { error };
  }
}
