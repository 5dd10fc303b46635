/**
 * Helpers for the tests of a shop: a simulator for each suite, or for each test. For node:test and Vitest, and for runners
 * whose hooks are called as theirs.
 *
 * @packageDocumentation
 */

import type { Client } from '../client.js';
import { members, types } from '../internal/arguments.js';
import { ConfigurationError } from '../internal/errors.js';
import { within } from '../internal/stacks.js';
import type { ClientOptions } from '../options.js';
import { OPTIONS, type SimulatorOptions } from '../simulator/options.js';
import { Simulator } from '../simulator/simulator.js';

const { fn, plain } = types;

/** The options of the simulator, and of its client. */
export interface TestingOptions extends SimulatorOptions {
  /** The options of the client. Default: none. */
  client?: Omit<ClientOptions, 'appKey' | 'secretKey' | 'baseUrl' | 'checkoutBaseUrl'> | undefined;
}

/** A simulator that runs, and what a shop needs to use it. */
export interface RunningSimulator {
  /** The simulator: the customer is you. */
  readonly simulator: Simulator;
  /** A client for it. */
  readonly client: Client;
  /** The environment variables by which `Client.fromEnv()` finds it. */
  readonly env: {
    /** The ApplicationId. */
    readonly NETGIRO_APP_KEY: string;
    /** The SecretKey. */
    readonly NETGIRO_SECRET_KEY: string;
    /** Where the simulator is. */
    readonly NETGIRO_BASE_URL: string;
  };
}

type Hook = (call: () => Promise<void>) => unknown;

/** `{ before, after }` of node:test, or `{ beforeAll, afterAll }` of Vitest. */
export type SuiteHooks =
  | {
      /** Registers what runs before the tests of a suite. */
      before: Hook;
      /** Registers what runs after them. */
      after: Hook;
    }
  | {
      /** Registers what runs before the tests of a suite. */
      beforeAll: Hook;
      /** Registers what runs after them. */
      afterAll: Hook;
    };

/** What a test is given: node:test's context, or Vitest's. */
export type TestContextLike =
  | {
      /** Registers what runs after the test. */
      after: Hook;
    }
  | {
      /** Registers what runs after the test. */
      onTestFinished: Hook;
    };

const TESTING = { ...OPTIONS, client: plain };

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
 * @throws `ConfigurationError` for hooks that are missing; its members throw it while no simulator runs.
 */
export function useSimulator(hooks: SuiteHooks, options?: TestingOptions): RunningSimulator {
  const [before, after] = within(useSimulator, () => [
    hook('useSimulator', hooks, 'before', 'beforeAll'),
    hook('useSimulator', hooks, 'after', 'afterAll'),
  ]);
  let running: Started | undefined;
  before(async () => {
    running = await start(options);
  });
  after(async () => {
    await running?.stop();
    running = undefined;
  });
  const started = () => {
    if (running) return running;
    throw new ConfigurationError('the simulator runs while the tests of its suite do: use it in a test, or in a later hook');
  };
  return {
    get simulator() {
      return started().simulator;
    },
    get client() {
      return started().client;
    },
    get env() {
      return started().env;
    },
  };
}

/**
 * A simulator for one test, which stops when the test is over: `await simulatorFor(t)`.
 * @throws `ConfigurationError` for what has no hook, `InvalidRequestError` for options that cannot be used.
 */
export async function simulatorFor(test: TestContextLike, options?: TestingOptions): Promise<RunningSimulator> {
  const after = within(simulatorFor, () => hook('simulatorFor', test, 'after', 'onTestFinished'));
  const { stop, ...running } = await within(simulatorFor, () => start(options));
  after(stop);
  return running;
}

/** A hook, under the name that node:test or Vitest has for it; called as a method, which node:test's context needs. */
function hook(where: string, hooks: object, ofNode: string, ofVitest: string): Hook {
  const given = hooks as Record<string, Hook | undefined> | null | undefined;
  const name = [ofNode, ofVitest].find((each) => fn.fits(given?.[each]));
  if (name !== undefined) return (call) => given?.[name]?.(call);
  throw new ConfigurationError(`${where} needs ${ofNode} or ${ofVitest}: ${ofNode} of node:test, ${ofVitest} of Vitest`);
}

interface Started extends RunningSimulator {
  readonly stop: () => Promise<void>;
}

async function start(given: TestingOptions = {}): Promise<Started> {
  const { client: clientOptions, ...options } = members('the simulator', given, TESTING);
  const simulator = await Simulator.start(options as SimulatorOptions);
  const client = simulator.client(clientOptions);
  const env = {
    NETGIRO_APP_KEY: simulator.appKey,
    NETGIRO_SECRET_KEY: simulator.secretKey,
    NETGIRO_BASE_URL: simulator.url,
  };
  const stop = async () => {
    await client.close();
    await simulator.close();
  };
  return { simulator, client, env, stop };
}

/** All names of this module. */
export default { simulatorFor, useSimulator };
