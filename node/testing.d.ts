/**
 * Helpers for the tests of a shop: a simulator for each suite, or for each test. For node:test and Vitest.
 *
 * @packageDocumentation
 */

import type { Client, ClientOptions, Simulator, SimulatorOptions } from './index.js';

/** The options of the simulator, and of its client. */
export interface TestingOptions extends SimulatorOptions {
  client?: Omit<ClientOptions, 'appKey' | 'secretKey' | 'baseUrl'> | undefined;
}

/** A simulator that runs, and what a shop needs to use it. */
export interface RunningSimulator {
  /** The simulator: the customer is you. */
  readonly simulator: Simulator;
  /** A client for it. */
  readonly client: Client;
  /** The environment variables by which `Client.fromEnv()` finds it. */
  readonly env: { readonly NETGIRO_APP_KEY: string; readonly NETGIRO_SECRET_KEY: string; readonly NETGIRO_BASE_URL: string };
}

type Hook = (call: () => Promise<void>) => unknown;

/** `{ before, after }` of node:test, or `{ beforeAll, afterAll }` of Vitest. */
export type SuiteHooks = { before: Hook; after: Hook } | { beforeAll: Hook; afterAll: Hook };

/** What a test is given: node:test's context, or Vitest's. */
export type TestContextLike = { after: Hook } | { onTestFinished: Hook };

/**
 * One simulator for a suite: starts before its tests, stops after them. Call it in a `describe`, or for all tests of a file
 * outside; its members can be used once the hooks have run.
 *
 * ```js
 * import { after, before, test } from 'node:test';
 * import { useSimulator } from 'netgiro/testing';
 *
 * const netgiro = useSimulator({ before, after });
 *
 * test('a customer pays', async () => {
 *   const cart = await netgiro.client.insertCart({ amount: 4990, reference: 'order-1', customerId: '8223281' });
 *   netgiro.simulator.confirm(cart);
 *   …
 * });
 * ```
 */
export function useSimulator(hooks: SuiteHooks, options?: TestingOptions): RunningSimulator;

/** A simulator for one test, which stops when the test is over: `await simulatorFor(t)`. */
export function simulatorFor(test: TestContextLike, options?: TestingOptions): Promise<RunningSimulator>;
