// Simulator: a local Netgíró for tests, on a loopback port of this process.

import { inspect, type InspectOptions } from 'node:util';
import { Client } from '../client.js';
import { bytes, cart as cartOf, jsonText, member, members, required, simulatedClientOptions, types } from '../internal/arguments.js';
import { made, open } from '../internal/calls.js';
import { asyncDispose } from '../internal/dispose.js';
import { InvalidRequestError } from '../internal/errors.js';
import { native, type NativeSimulator } from '../internal/native.js';
import { snakeCase } from '../internal/spelling.js';
import { entries, own, within } from '../internal/stacks.js';
import type { ClientOptions } from '../options.js';
import { type CartLike, CartPoll } from '../poll.js';
import {
  CERTIFICATE,
  type Fault,
  FAULT,
  OPTIONS,
  type SimulatedCallback,
  type SimulatedCart,
  type SimulatedRequest,
  type SimulatorOptions,
  type Storm,
  STORM,
} from './options.js';
import type { Endpoint } from '../values.js';

const { number, plain, text } = types;

const anEndpoint = member<string>('the name of an endpoint, or "*"', text.fits);

/** The compiled half of each simulator: not a private member, by which TypeScript would tell copies of this package apart. */
const natives = new WeakMap<Simulator, NativeSimulator>();

/**
 * A local Netgíró for tests, on a loopback port and a thread of its own. The customer is you.
 *
 * ```js
 * const simulator = await Simulator.start({ seed: 7 });
 * const client = simulator.client();
 * const cart = await client.insertCart({ amount: 4990, reference: 'order-17', customerId: '8223281' });
 * simulator.confirm(cart);
 * (await client.checkCart(cart)).isPaid; // true
 * await simulator.close();
 * ```
 *
 * It does not keep Node running.
 */
export class Simulator {
  private constructor(started: NativeSimulator) {
    if (!(started instanceof native.NativeSimulator)) {
      throw within(Simulator, () => new InvalidRequestError('a simulator is started with "await Simulator.start({ … })"'));
    }
    natives.set(this, started);
  }

  /**
   * Starts a simulator.
   * @throws {@link InvalidRequestError} for options that cannot be used.
   */
  static async start(options: SimulatorOptions = {}): Promise<Simulator> {
    const given = members('Simulator.start', options, OPTIONS);
    const noCheckInterval = given.checkIntervalMs === null;
    if (noCheckInterval) given.checkIntervalMs = undefined;
    const noPollInterval = given.pollIntervalMs === null;
    if (noPollInterval) given.pollIntervalMs = undefined;
    if (plain.fits(given.tls)) given.tls = members('Simulator.start: tls', given.tls, CERTIFICATE);
    return new Simulator(made(native.startSimulator(Object.assign(given, { noCheckInterval, noPollInterval }))));
  }

  /** The base URL for a client: `http://127.0.0.1:PORT/v1/`, or below `publicUrl`. */
  get url(): string {
    return nativeOf(this).url;
  }

  /** The page for people: the customer's phone beside the shop. `#phone` after it shows the phone alone. */
  get pageUrl(): string {
    return nativeOf(this).pageUrl;
  }

  /** The base URL on this machine, whatever `publicUrl` says: where a proxy passes requests to. */
  get localUrl(): string {
    return nativeOf(this).localUrl;
  }

  /**
   * The path of a PEM file with the authority to trust, where `tls: true` made one up; otherwise null. The file goes
   * when the simulator is closed.
   */
  get caFile(): string | null {
    return nativeOf(this).caFile ?? null;
  }

  /** The application key that is let in. */
  get appKey(): string {
    return nativeOf(this).appKey;
  }

  /** The secret key of both sides. */
  get secretKey(): string {
    return nativeOf(this).secretKey;
  }

  /** A client for this simulator; `caFile` is the simulator's own when none is given. */
  client(options: Omit<ClientOptions, 'appKey' | 'secretKey' | 'baseUrl' | 'checkoutBaseUrl'> = {}): Client {
    const { url: baseUrl, appKey, secretKey } = this;
    const given = simulatedClientOptions(options);
    return new Client({ ...given, appKey, secretKey, baseUrl, caFile: given.caFile ?? this.caFile });
  }

  /** The customer accepts; a callback is sent meanwhile. */
  confirm(cart: CartLike): void {
    open(nativeOf(this).confirm(idOf(cart)));
  }

  /** The customer declines. */
  decline(cart: CartLike): void {
    open(nativeOf(this).decline(idOf(cart)));
  }

  /** Ends a cart as if its time were over. */
  expire(cart: CartLike): void {
    open(nativeOf(this).expire(idOf(cart)));
  }

  /** Leaves a paid cart out of its settlement, as if Netgíró had forgotten it. */
  withhold(cart: CartLike): void {
    open(nativeOf(this).withhold(idOf(cart)));
  }

  /**
   * Lets time pass at once, in milliseconds: carts run out, callbacks are repeated.
   * @throws {@link InvalidRequestError} for more than ten years in all, and for less than none.
   */
  advance(ms: number): void {
    if (!number.fits(ms)) throw new InvalidRequestError('advance takes a number of milliseconds');
    open(nativeOf(this).advance(ms));
  }

  /** The simulator's time: ISO 8601. */
  now(): string {
    return nativeOf(this).now();
  }

  /** All carts, in the order in which they were inserted. */
  carts(): readonly SimulatedCart[] {
    return frozen(JSON.parse(nativeOf(this).carts()) as SimulatedCart[]);
  }

  /** One cart; null when it was not inserted here. */
  cart(cart: CartLike): SimulatedCart | null {
    const found = open(nativeOf(this).cart<SimulatedCart>(idOf(cart)));
    return found && (frozen([found])[0] as SimulatedCart);
  }

  /** Every request, in the order of arrival. */
  requests(): readonly SimulatedRequest[] {
    return frozen(JSON.parse(nativeOf(this).requests()) as SimulatedRequest[]);
  }

  /** Every attempt at a callback, in order. */
  callbacks(): readonly SimulatedCallback[] {
    return frozen(JSON.parse(nativeOf(this).callbacks()) as SimulatedCallback[]);
  }

  /**
   * Lets something go wrong with requests to come; `'*'` is any endpoint.
   * @throws {@link InvalidRequestError} for faults that cannot strike.
   */
  addFault(endpoint: Endpoint | '*', fault: Fault = {}): void {
    const { body, retryAfter, ...others } = members('addFault', fault, FAULT);
    members('addFault', { endpoint }, { endpoint: required(anEndpoint) });
    const json: Record<string, unknown> = { endpoint };
    if (retryAfter !== undefined) json['retry_after'] = String(retryAfter);
    for (const [name, value] of Object.entries(others)) json[snakeCase(name)] = value;
    open(nativeOf(this).addFault(jsonText('the fault', json), body === undefined ? undefined : bytes('addFault', body)));
  }

  /**
   * Lets a storm break loose, in place of one that blows already. Scripted faults go first.
   * @throws {@link InvalidRequestError} for options that cannot be used.
   */
  storm(storm: Storm = {}): void {
    open(nativeOf(this).storm(members('storm', storm, STORM)));
  }

  /**
   * Forgets the faults that have not struck yet, lets connections in again, and lets a storm's calls through: its
   * customers still do what they meant to.
   */
  clearFaults(): void {
    nativeOf(this).clearFaults();
  }

  /** Stops the server. What it recorded stays readable. */
  async close(): Promise<void> {
    nativeOf(this).close();
  }

  /** As {@link Simulator.close}: for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `Simulator ${inspect({ url: this.url }, options)}`;
  }
}

entries(Simulator, 'start');

function nativeOf(simulator: Simulator): NativeSimulator {
  const found = natives.get(simulator);
  if (found === undefined) throw own(new TypeError('this is a method of a Simulator: call it as one'));
  return found;
}

function idOf(cart: unknown): string {
  const given = cartOf(cart);
  if (typeof given === 'string') return given;
  return given.poll === undefined ? String(given.transactionId) : CartPoll.fromJson(given.poll).transactionId;
}

function frozen<T extends object>(list: T[]): readonly T[] {
  for (const entry of list) {
    if ('headers' in entry) Object.freeze(entry.headers);
    if ('refunds' in entry) frozen(entry.refunds as object[]);
    Object.freeze(entry);
  }
  return Object.freeze(list);
}
