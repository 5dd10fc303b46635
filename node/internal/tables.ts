// Results as tables: CSV, and Arrow's for those who have the package apache-arrow.

import { type CheckResult, type PaymentInfo, PAYMENT, STATE } from '../values.js';
import { ConfigurationError, type NetgiroError } from './errors.js';
import { native } from './native.js';

type Cell = string | number | boolean | null | undefined;

/** A column: its kind, which is that of a member of `values.ts`, and what it says of a result. */
type Column = readonly [kind: string, of: (result: CheckResult) => Cell];

type StateName = Exclude<keyof typeof STATE, 'payment'>;

function ofState(name: StateName): Column {
  return [kindOf(STATE[name]), ({ state }) => state?.[name]];
}

function ofPayment(name: keyof PaymentInfo): Column {
  return [kindOf(PAYMENT[name]), ({ state }) => state?.payment?.[name]];
}

/** Of what failed, its error's. */
function ofBoth(name: StateName & keyof NetgiroError): Column {
  return [kindOf(STATE[name]), ({ state, error }) => (state ?? error)[name]];
}

function kindOf(member: string): string {
  return member.replace('?', '');
}

/** Members of a payment that have columns of their own names, in the payment's order. */
const same = () => (Object.keys(PAYMENT) as (keyof PaymentInfo)[]).filter(
  (name) => !['transactionId', 'invoiceNumber', 'referenceNumber', 'statusId', 'totalAmount'].includes(name),
);

/** The columns, in order. Few programs make tables, so they do not begin with this. */
const columns = (): Readonly<Record<string, Column>> => ({
  transactionId: ['text', ({ transactionId }) => transactionId],
  reference: ofPayment('referenceNumber'),
  amount: ofPayment('totalAmount'),
  status: ofState('status'),
  isPaid: ofState('isPaid'),
  resultCode: ofBoth('resultCode'),
  paymentSuccessful: ofState('paymentSuccessful'),
  message: ofState('message'),
  invoiceNumber: ofPayment('invoiceNumber'),
  paymentStatusId: ofPayment('statusId'),
  ...Object.fromEntries(same().map((name) => [name, ofPayment(name)])),
  checkedAt: ofState('checkedAt'),
  referenceId: ofBoth('referenceId'),
  errorCode: ['status', ({ error }) => error?.code],
  errorMessage: ['text', ({ error }) => error?.message],
});

export function toCSV(results: readonly CheckResult[]): string {
  const all = columns();
  const lines = results.map((result) => Object.values(all).map(([, of]) => native.csvCell(String(of(result) ?? ''))).join(','));
  return [Object.keys(all).join(','), ...lines, ''].join('\r\n');
}

export function toArrow(results: readonly CheckResult[]): unknown {
  const arrow = apacheArrow();
  const vectors = Object.entries(columns()).map(([name, [kind, of]]) => {
    const values = results.map((result) => of(result) ?? null);
    return [name, vector(arrow, kind, values)];
  });
  return new arrow.Table(Object.fromEntries(vectors) as Record<string, unknown>);
}

/** What is used of the package apache-arrow. */
interface Arrow {
  readonly Table: new (columns: Record<string, unknown>) => unknown;
  readonly Utf8: new () => object;
  readonly Bool: new () => object;
  readonly Int8: new () => object;
  readonly Int64: new () => object;
  readonly Dictionary: new (values: object, indices: object) => object;
  readonly TimestampMillisecond: new (timezone: string) => object;
  readonly Decimal: new (scale: number, precision: number, bits: number) => object;
  vectorFromArray(values: readonly unknown[], type: object): unknown;
}

function apacheArrow(): Arrow {
  try {
    return require('apache-arrow') as Arrow;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new ConfigurationError('toArrow needs the package apache-arrow: npm install apache-arrow', { cause });
  }
}

function vector(arrow: Arrow, kind: string, values: readonly (Cell | null)[]): unknown {
  switch (kind) {
    case 'amount':
      return amounts(arrow, values as (string | null)[]);
    case 'flag':
      return arrow.vectorFromArray(values, new arrow.Bool());
    case 'instant': {
      const instants = values.map((value) => value && Date.parse(String(value)));
      return arrow.vectorFromArray(instants, new arrow.TimestampMillisecond('UTC'));
    }
    case 'integer': {
      const integers = values.map((value) => (value == null ? null : BigInt(value)));
      return arrow.vectorFromArray(integers, new arrow.Int64());
    }
    case 'status':
      return arrow.vectorFromArray(values, new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8()));
    default:
      return arrow.vectorFromArray(values, new arrow.Utf8());
  }
}

/** Exact decimals, with as many places as the amount that has most of them, and two at the least. */
function amounts(arrow: Arrow, values: readonly (string | null)[]): unknown {
  const places = (text: string | null) => (text?.split('.')[1] ?? '').length;
  const scale = values.reduce((most, text) => Math.max(most, places(text)), 2);
  const scaled = values.map((text) => {
    if (text === null) return null;
    const units = BigInt(text.replace('.', '') + '0'.repeat(scale - places(text)));
    return new Uint32Array(new BigInt64Array([BigInt.asIntN(64, units), units >> 64n]).buffer);
  });
  return arrow.vectorFromArray(scaled, new arrow.Decimal(scale, 38, 128));
}
