// What customers may read about carts and errors.

import { open } from './internal/calls.js';
import { InvalidRequestError, languageTag, NetgiroError } from './internal/errors.js';
import { native } from './internal/native.js';
import type { CartState, CartStatus } from './values.js';

/** More about a cart than its status says. */
export interface CustomerMessageOptions {
  /** Of a canceled cart: that the customer did not answer in time, which Netgíró's answers do not tell. Default false. */
  timedOut?: boolean | undefined;
}

/**
 * What a customer may read about an error, a cart's state, or a status: whole sentences, in Icelandic, or with another `lang`
 * than `'is'` (a tag such as `'is-IS'` counts) in English. They say that nothing was charged only where that is known, and hold
 * no developer's words, codes or numbers.
 * @throws {@link InvalidRequestError} for anything else.
 */
export function customerMessage(
  of: NetgiroError | CartState | CartStatus,
  lang = 'is',
  options: CustomerMessageOptions = {},
): string {
  if (of instanceof NetgiroError) return of.customerMessage(lang);
  const status = typeof of === 'string' ? of : (of as CartState | null | undefined)?.status;
  if (typeof status !== 'string') {
    throw new InvalidRequestError('customerMessage takes a NetgiroError, a CartState, or the word of a status');
  }
  return open(native.statusMessage(status, options.timedOut === true, languageTag(lang)));
}
