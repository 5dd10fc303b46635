/**
 * Netgíró in an Express shop (4 or 5): the callback route.
 *
 * @packageDocumentation
 */

import type { Request, RequestHandler } from 'express';
import type { CallbackOptions } from './webhook.js';

export type { CallbackLedger, CallbackOrder, CallbackProblem, SettledCartState } from './webhook.js';

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
 * It needs the bytes as received: mount it before `express.json()`. In an app where that comes first, `app.use` throws a
 * {@link ConfigurationError} which says how to mount it; where that cannot be seen, requests are answered by 500.
 */
export function netgiroCallback(options: ExpressCallbackOptions): CallbackRoute;
