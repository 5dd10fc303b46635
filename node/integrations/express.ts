/**
 * Netgíró in an Express shop (4 or 5, and NestJS on either): the callback route.
 *
 * @packageDocumentation
 */

import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isUint8Array } from 'node:util/types';
import type { Request, RequestHandler } from 'express';
import { types } from '../internal/arguments.js';
import { ConfigurationError } from '../internal/errors.js';
import { within } from '../internal/stacks.js';
import type { CallbackOptions } from '../webhook/options.js';
import { readBody, Refusal, Webhook, whenSent } from '../webhook/route.js';

export type { CallbackLedger, CallbackOrder, CallbackProblem, SettledCartState } from '../webhook/options.js';

/** What {@link netgiroCallback} is made with. */
export interface ExpressCallbackOptions extends CallbackOptions<Request> {
  /**
   * The body as received, where a parser in front of the route has kept it. Not needed where the route comes before the
   * parsers, nor for `request.rawBody` of a NestJS app with `rawBody: true`.
   */
  rawBody?: ((request: Request) => Uint8Array | string | undefined) | undefined;
}

/** The route, for `app.use(path, route)`. */
export interface CallbackRoute extends RequestHandler {
  /** Gives up what would have to be tried again after a 200, and waits for what is being done. */
  close(): Promise<void>;
}

/** What is used of an Express app. */
interface App {
  readonly mountpath: string | string[];
  readonly router?: Router;
  readonly _router?: Router;
  on?(event: 'mount', mounted: (parent: App) => void): unknown;
}

interface Router {
  readonly stack?: readonly Layer[];
}

/** A handler in a router's stack. */
interface Layer {
  readonly name: string;
  readonly path?: string;
  readonly route?: unknown;
  readonly handle: Router;
  match(path: string): boolean;
}

/** A request, and what body parsers leave on it. */
type ParsedRequest = IncomingMessage & {
  readonly originalUrl?: string;
  readonly body?: unknown;
  readonly rawBody?: unknown;
  readonly _body?: unknown;
};

/** What Express's own parsers are called in a router's stack, those that read a JSON body. */
const PARSERS = new Map([
  ['jsonParser', 'express.json()'],
  ['textParser', 'express.text()'],
]);

/**
 * A callback route. It answers 200 once a callback is verified, matched with its order and recorded, 400 or 409 to what
 * it refuses, 405, 413, or 503 when your database is down; then it asks where the cart stands, and calls `settled`.
 *
 * ```js
 * const app = express();
 * app.use('/netgiro/callback', netgiroCallback({ client, url: CALLBACK_URL, order, record, settled }));
 * app.use(express.json());
 * ```
 *
 * It needs the bytes as received: mount it before `express.json()`; `express.urlencoded()` may come first. In an
 * app where `express.json()` comes first, `app.use` throws a {@link ConfigurationError} which says how to mount it;
 * where that cannot be seen, requests are answered by 500.
 * @throws `ConfigurationError` for options that cannot be used.
 */
export function netgiroCallback(options: ExpressCallbackOptions): CallbackRoute {
  const webhook = within(
    netgiroCallback,
    () => new Webhook<Request, ExpressCallbackOptions>('netgiroCallback', options, { rawBody: types.fn }),
  );
  const { rawBody } = webhook.options;

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, rawHeaders: headers } = request;
    const body = async () => bytesOf(rawBody?.(request as Request)) ?? (await bodyOf(request));
    const answer = await webhook.answer({ method, headers, body, native: request as Request });
    whenSent(response, answer.sent);
    if (response.headersSent) return;
    response.statusCode = answer.status;
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.end(answer.says);
  }

  return tellingWhenMounted(Object.assign(route, { close: () => webhook.close() }), (app, mounted) => {
    if (rawBody === undefined) refuseParsers(app, mounted.mountpath);
  });
}

/**
 * Makes of a handler what `app.use()` takes for an app, which it tells where it has been mounted. So a parser that
 * comes first is found when the shop starts, and not when its first customer pays.
 */
function tellingWhenMounted<Route extends RequestHandler>(
  route: Route,
  mounted: (app: App, route: Pick<App, 'mountpath'>) => void,
): Route {
  const events = new EventEmitter();
  const app = Object.assign(route, { handle: route, set: () => app, emit: events.emit.bind(events) });
  events.on('mount', (parent: App) => mounted(parent, app as unknown as App));
  return app;
}

/** Looks for a parser in front of the route, in the app it was mounted in and in those around that. */
function refuseParsers(app: App, mountpath: App['mountpath']): void {
  for (const path of [mountpath].flat(Infinity)) {
    if (!types.text.fits(path)) continue;
    const parser = parserBefore(stackOf(app), path);
    if (parser !== undefined) throw new ConfigurationError(`netgiro/express: ${howToMount(parser, path)}`);
    app.on?.('mount', (parent) => refuseParsers(parent, join(app.mountpath, path)));
  }
}

function join(mountpath: App['mountpath'], path: string): string[] {
  return [mountpath].flat(Infinity).filter(types.text.fits).map((each) => `${each.replace(/\/$/, '')}${path}`);
}

/** Express 4 has its router in `_router`, and throws for `router`. */
function stackOf(app: App): readonly Layer[] {
  return (Object.hasOwn(app, '_router') ? app._router : app.router)?.stack ?? [];
}

function parserBefore(stack: readonly Layer[], path: string): string | undefined {
  for (const layer of stack) {
    if (layer.route || !layer.match(path)) continue;
    const parser = PARSERS.get(layer.name);
    if (parser !== undefined) return parser;
    const rest = path.slice(layer.path?.length ?? 0);
    const inside = layer.handle.stack && parserBefore(layer.handle.stack, rest.startsWith('/') ? rest : `/${rest}`);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

function howToMount(parser: string, path: string): string {
  return (
    `${parser} comes before the callback route ${path} and consumes the body, so that the bytes which Netgíró signed ` +
    `are gone. Mount the route first:\n\n    app.use('${path}', netgiroCallback({ … }));\n    app.use(express.json());\n\n` +
    'or keep the bytes, and say where they are:\n\n' +
    '    app.use(express.json({ verify: (request, response, bytes) => { request.rawBody = bytes; } }));\n' +
    `    app.use('${path}', netgiroCallback({ rawBody: (request) => request.rawBody, … }));\n`
  );
}

/** The body as received: kept by a parser, or still to be read. */
async function bodyOf(request: ParsedRequest): Promise<Uint8Array> {
  const kept = bytesOf(request.rawBody) ?? bytesOf(request.body);
  if (kept !== undefined) return kept;
  // `_body` is how Express's parsers tell each other.
  if (request._body || request.readableDidRead || request.readableEnded) {
    const form = formOf(request);
    if (form !== undefined) return form;
    const path = request.originalUrl?.split('?', 1)[0] ?? String(request.url);
    throw new Refusal(500, `netgiro/express: ${howToMount('a body parser', path)}`, {
      says: 'a body parser comes before this route: see the log of the shop',
    });
  }
  return await readBody(request, request.headers['content-length']);
}

/**
 * A form that `express.urlencoded()` has read, written anew: what is signed of a hosted checkout's callback is the values of
 * its fields, and not its bytes.
 */
function formOf({ headers, body }: ParsedRequest): Uint8Array | undefined {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '');
  if (!isForm || typeof body !== 'object' || body === null) return undefined;
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries(body)) {
    for (const value of [values].flat()) form.append(name, String(value));
  }
  return Buffer.from(form.toString());
}

function bytesOf(body: unknown): Uint8Array | undefined {
  if (types.text.fits(body)) return Buffer.from(body, 'utf8');
  return isUint8Array(body) ? body : undefined;
}

/** All names of this module. */
export default { netgiroCallback };
