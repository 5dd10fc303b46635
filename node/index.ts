/**
 * Take payments with Netgíró: insert a cart, follow it, settle it. An unofficial client.
 *
 * Durations are in milliseconds, amounts in whole krónur. What is absent is `null`, never `undefined`.
 * Results are plain frozen objects: they survive `JSON.stringify` and `structuredClone`.
 *
 * @packageDocumentation
 */

import * as netgiro from './names.js';

/** All names of this package. */
export default netgiro;
export * from './names.js';
