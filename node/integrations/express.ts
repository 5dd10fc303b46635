'use strict';
// The callback route as an Express handler, for Express 4 and 5 and for NestJS on either.

const { EventEmitter } = require('node:events');
const { isUint8Array } = require('node:util/types');
const { ConfigurationError } = require('./errors.cjs').classes;
const { types } = require('./arguments.cjs');
const { Refusal, Webhook, readBody, whenSent } = require('./webhook.cjs');

/** What Express's own parsers are called in a router's stack, those that read a JSON body. */
const PARSERS = new Map([
  ['jsonParser', 'express.json()'],
  ['textParser', 'express.text()'],
]);

function netgiroCallback(options) {
  const webhook = new Webhook('netgiroCallback', options, { rawBody: types.fn });
  const { rawBody } = webhook.options;

  async function route(request, response) {
    const { method, rawHeaders: headers } = request;
    const body = async () => bytesOf(rawBody?.(request)) ?? (await bodyOf(request));
    const answer = await webhook.answer({ method, headers, body, native: request });
    whenSent(response, answer.sent);
    if (response.headersSent) return;
    response.statusCode = answer.status;
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.end(answer.says);
  }

  route.close = () => webhook.close();
  return tellingWhenMounted(route, (app) => {
    if (rawBody === undefined) refuseParsers(app, route);
  });
}

/**
 * Makes of a handler what `app.use()` takes for an app, which it tells where it has been mounted. So a parser that
 * comes first is found when the shop starts, and not when its first customer pays.
 */
function tellingWhenMounted(route, mounted) {
  const events = new EventEmitter();
  events.on('mount', mounted);
  return Object.assign(route, { handle: route, set: () => route, emit: events.emit.bind(events) });
}

/** Looks for a parser in front of the route, in the app it was mounted in and in those around that. */
function refuseParsers(app, { mountpath }) {
  for (const path of [mountpath].flat(Infinity)) {
    if (!types.text.fits(path)) continue;
    const parser = parserBefore(stackOf(app), path);
    if (parser !== undefined) throw new ConfigurationError(`netgiro/express: ${howToMount(parser, path)}`);
    app.on?.('mount', (parent) => refuseParsers(parent, { mountpath: join(app.mountpath, path) }));
  }
}

function join(mountpath, path) {
  return [mountpath].flat(Infinity).filter(types.text.fits).map((each) => `${each.replace(/\/$/, '')}${path}`);
}

/** Express 4 has its router in `_router`, and throws for `router`. */
function stackOf(app) {
  return (Object.hasOwn(app, '_router') ? app._router : app.router)?.stack ?? [];
}

function parserBefore(stack, path) {
  for (const layer of stack) {
    if (layer.route || !layer.match(path)) continue;
    const parser = PARSERS.get(layer.name);
    if (parser !== undefined) return parser;
    const within = path.slice(layer.path?.length ?? 0);
    const inside = layer.handle.stack && parserBefore(layer.handle.stack, within.startsWith('/') ? within : `/${within}`);
    if (inside !== undefined) return inside;
  }
}

function howToMount(parser, path) {
  return (
    `${parser} comes before the callback route ${path} and consumes the body, so that the bytes which Netgíró signed ` +
    `are gone. Mount the route first:\n\n    app.use('${path}', netgiroCallback({ … }));\n    app.use(express.json());\n\n` +
    'or keep the bytes, and say where they are:\n\n' +
    '    app.use(express.json({ verify: (request, response, bytes) => { request.rawBody = bytes; } }));\n' +
    `    app.use('${path}', netgiroCallback({ rawBody: (request) => request.rawBody, … }));\n`
  );
}

/** The body as received: kept by a parser, or still to be read. */
async function bodyOf(request) {
  const kept = bytesOf(request.rawBody) ?? bytesOf(request.body);
  if (kept !== undefined) return kept;
  // `_body` is how Express's parsers tell each other.
  if (request._body || request.readableDidRead || request.readableEnded) {
    const path = request.originalUrl?.split('?', 1)[0] ?? request.url;
    throw new Refusal(500, `netgiro/express: ${howToMount('a body parser', path)}`, {
      says: 'a body parser comes before this route: see the log of the shop',
    });
  }
  return await readBody(request, request.headers['content-length']);
}

function bytesOf(body) {
  if (types.text.fits(body)) return Buffer.from(body, 'utf8');
  return isUint8Array(body) ? body : undefined;
}

module.exports = { netgiroCallback };
