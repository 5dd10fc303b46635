/**
 * Netgíró in a Fastify shop (5): a client as `fastify.netgiro`, and the callback route.
 *
 * @packageDocumentation
 */

import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { Client } from './index.js';
import type { CallbackOptions } from './webhook.js';

export type { CallbackLedger, CallbackOrder, CallbackProblem, SettledCartState } from './webhook.js';

/** The callback route. What it refuses and what fails is in the app's log, unless there is an `onError`. */
export interface FastifyCallbackOptions extends Omit<CallbackOptions<FastifyRequest>, 'client'> {
  /** Where the route is. Default: the path of `url`; required where that is a function. */
  path?: string | undefined;
}

/** The options of the plugin. */
export interface NetgiroOptions {
  /** The client. Default: one from the environment, closed with the app; one that is given is yours to close. */
  client?: Client | null | undefined;
  /** The callback route; without it the plugin has none. */
  callback?: FastifyCallbackOptions | null | undefined;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The client. */
    netgiro: Client;
  }
}

/**
 * The plugin.
 *
 * ```js
 * await fastify.register(netgiro, { callback: { url: CALLBACK_URL, order, record, settled } });
 * const cart = await fastify.netgiro.insertCart({ … });
 * ```
 *
 * The route has a body parser of its own, so those of the app do not matter.
 */
export const netgiro: FastifyPluginAsync<NetgiroOptions>;
