// doctor: what is wrong with a shop's set-up, and what mends it.

import { members, options as declared, types } from './internal/arguments.js';
import { call } from './internal/calls.js';
import { native } from './internal/native.js';
import { declareNames, inJavaScript } from './internal/spelling.js';
import type { CallOptions } from './options.js';
import type { ApiVersion, Environment } from './values.js';

const { number, signal: aSignal, text } = types;

/** What {@link doctor} takes; keys that are not given are read from the environment, as `Client.fromEnv` does. */
export interface DoctorOptions extends CallOptions {
  /** The URL of the shop's callback route, to which test callbacks are posted. */
  callback?: string | null | undefined;
  /** The callback URL as InsertCart gets it, where it is another one: that of a tunnel or a proxy. */
  registeredUrl?: string | null | undefined;
  /** How long the shop may take to answer a callback, in milliseconds. Default 5,000. */
  timeoutMs?: number | null | undefined;
  /** The ApplicationId. */
  appKey?: string | null | undefined;
  /** The SecretKey. It is never printed. */
  secretKey?: string | null | undefined;
  /** Which Netgíró to talk to. */
  environment?: Environment | null | undefined;
  /** Which API the client speaks about carts. */
  api?: ApiVersion | null | undefined;
  /** Another base URL than the environment's. */
  baseUrl?: string | null | undefined;
  /** A PEM file with certificate authorities to trust beside the system's and the bundled ones. */
  caFile?: string | null | undefined;
}

/** One thing that {@link doctor} has looked at. */
export interface DoctorCheck {
  /** Its name, such as `clock` or `callback_signature`. */
  readonly name: string;
  /** Whether it is as it should be; `null` where it could not be looked at, or need not be. */
  readonly ok: boolean | null;
  /** What was found. */
  readonly detail: string;
  /** What to do about it; `null` where nothing is wrong. */
  readonly remedy: string | null;
}

/** What {@link doctor} has found. */
export interface DoctorReport {
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  /** What was looked at, in order. */
  readonly checks: readonly DoctorCheck[];
  /** The report for people, with a remedy below what is wrong. */
  readonly text: string;
}

const DOCTOR = declared({
  callback: text,
  registeredUrl: text,
  timeoutMs: number,
  appKey: text,
  secretKey: text,
  environment: text,
  api: text,
  baseUrl: text,
  caFile: text,
  signal: aSignal,
});
declareNames(Object.keys(DOCTOR));

/**
 * Looks at a shop's set-up, and resolves to what is wrong and what mends it.
 *
 * A check is sent for a cart that does not exist. With `callback`, the URL of the shop's callback route, test callbacks
 * about such a cart are posted there, rightly signed and forged; they change nothing in a sound shop.
 * @throws {@link InvalidRequestError} or {@link ConfigurationError} for options of its own that cannot be used; whatever
 * else is wrong is in the report.
 */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorReport> {
  const { signal, ...given } = members('doctor', options, DOCTOR);
  const found = await call(signal, undefined, (port, n) =>
    native.doctor<DoctorReport>(port, n, given, (name) => process.env[name]),
  );
  const checks = found.checks.map((check) =>
    Object.freeze({
      ...check,
      detail: inJavaScript(check.detail),
      remedy: check.remedy === null ? null : inJavaScript(check.remedy),
    }),
  );
  return Object.freeze({ ok: found.ok, checks: Object.freeze(checks), text: inJavaScript(found.text) });
}
