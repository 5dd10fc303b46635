'use strict';
// The Fastify plugin: a client as `fastify.netgiro`, and the callback route.

const { Client } = require('./client.cjs');
const { ConfigurationError } = require('./errors.cjs').classes;
const { members, types } = require('./arguments.cjs');
const { Webhook, readBody, whenSent } = require('./webhook.cjs');

const { client, plain, text } = types;

async function netgiro(fastify, options) {
  const given = members('netgiro', options, { client, callback: plain }, ConfigurationError);
  const ours = given.client === undefined;
  const used = given.client ?? Client.fromEnv();
  fastify.decorate('netgiro', used);
  if (ours) fastify.addHook('onClose', () => used.close());
  if (given.callback) fastify.register(callbackRoute, { ...given.callback, client: used });
}

// As fastify-plugin does it: what the plugin decorates is the app's, and the version it needs is checked.
Object.assign(netgiro, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'netgiro',
  [Symbol.for('plugin-meta')]: { name: 'netgiro', fastify: '5.x' },
});

/** The route, in a context of its own: its parser is for it alone, and the app's parsers do not reach it. */
async function callbackRoute(fastify, options) {
  const webhook = new Webhook('netgiro: callback', { onError: logging(fastify.log), ...options }, { path: text });
  const { path, url } = webhook.options;
  fastify.addHook('onClose', () => webhook.close());
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (request, payload, done) => done(null, payload));
  fastify.route({
    method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: path ?? pathOf(url),
    handler: async (request, reply) => {
      const { method, raw } = request;
      // There is no stream where there is no body.
      const body = async () => request.body ? await readBody(request.body, request.headers['content-length']) : Buffer.alloc(0);
      const answer = await webhook.answer({ method, headers: raw.rawHeaders, body, native: request });
      whenSent(reply.raw, answer.sent);
      return reply.code(answer.status).headers(answer.headers).type('text/plain; charset=utf-8').send(answer.says);
    },
  });
}

function pathOf(url) {
  if (text.fits(url) && URL.canParse(url)) return new URL(url).pathname;
  throw new ConfigurationError('netgiro: callback: path is required where url is no string; got none');
}

/** Tells the app's log, and names the cart. */
function logging(log) {
  return (error, { status, transactionId }) => {
    const came = status === null ? 'after its answer' : `answered ${status}`;
    const level = status === null || status >= 500 ? 'error' : 'warn';
    log[level]({ err: error, transactionId }, `a callback from Netgíró, ${came}`);
  };
}

module.exports = { netgiro };
