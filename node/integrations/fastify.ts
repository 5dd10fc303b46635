/**
 * Netgíró in a Fastify shop (5): a client as `fastify.netgiro`, and the callback route.
 *
 * @packageDocumentation
 */

import type { Readable } from 'node:stream';
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { Client } from '../client.js';
import { members, type Names, options as declared, types } from '../internal/arguments.js';
import { ConfigurationError } from '../internal/errors.js';
import type { CallbackOptions, CallbackProblem } from '../webhook/options.js';
import { readBody, Webhook, whenSent } from '../webhook/route.js';

export type { CallbackLedger, CallbackOrder, CallbackProblem, SettledCartState } from '../webhook/options.js';

const { client, plain, text } = types;

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

const OPTIONS = declared({ client, callback: plain } satisfies Names<NetgiroOptions>);

/**
 * The plugin.
 *
 * ```js
 * await fastify.register(netgiro, { callback: { url: CALLBACK_URL, order, record, settled } });
 * const cart = await fastify.netgiro.insertCart({ … });
 * ```
 *
 * The route has a body parser of its own, so those of the app do not matter.
 * It fails with a {@link ConfigurationError} for options, and for variables of the environment, that cannot be used.
 */
export const netgiro: FastifyPluginAsync<NetgiroOptions> = async (fastify, options) => {
  const given = members('netgiro', options, OPTIONS, ConfigurationError) as NetgiroOptions;
  const used = given.client ?? Client.fromEnv();
  fastify.decorate('netgiro', used);
  if (!given.client) fastify.addHook('onClose', () => used.close());
  if (given.callback) fastify.register(callbackRoute, { ...given.callback, client: used });
};

// As fastify-plugin does it: what the plugin decorates is the app's, and the version it needs is checked.
Object.assign(netgiro, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'netgiro',
  [Symbol.for('plugin-meta')]: { name: 'netgiro', fastify: '5.x' },
});

export default netgiro;

type RouteOptions = FastifyCallbackOptions & { client: Client };

/** The route, in a context of its own: its parser is for it alone, and the app's parsers do not reach it. */
async function callbackRoute(fastify: FastifyInstance, options: RouteOptions): Promise<void> {
  const given = { onError: logging(fastify.log), ...options };
  const webhook = new Webhook<FastifyRequest, RouteOptions>('netgiro: callback', given, { path: text });
  const { path, url } = webhook.options;
  fastify.addHook('onClose', () => webhook.close());
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  fastify.route({
    method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: path ?? pathOf(url),
    handler: async (request, reply) => {
      const { method, raw } = request;
      const unread = request.body as Readable | undefined;
      // There is no stream where there is no body.
      const body = async () => (unread ? await readBody(unread, request.headers['content-length']) : Buffer.alloc(0));
      const answer = await webhook.answer({ method, headers: raw.rawHeaders, body, native: request });
      whenSent(reply.raw, answer.sent);
      return reply.code(answer.status).headers(answer.headers).type('text/plain; charset=utf-8').send(answer.says);
    },
  });
}

function pathOf(url: unknown): string {
  if (text.fits(url) && URL.canParse(url)) return new URL(url).pathname;
  throw new ConfigurationError('netgiro: callback: path is required where url is no string; got none');
}

/** Tells the app's log, and names the cart. */
function logging(log: FastifyBaseLogger) {
  return (error: unknown, { status, transactionId }: CallbackProblem) => {
    const came = status === null ? 'after its answer' : `answered ${status}`;
    const level = status === null || status >= 500 ? 'error' : 'warn';
    log[level]({ err: error, transactionId }, `a callback from Netgíró, ${came}`);
  };
}
