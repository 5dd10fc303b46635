'use strict';
// Results as tables: CSV, and Arrow's for those who have the package apache-arrow.

const { classes } = require('./errors.cjs');
const { native } = require('./native.cjs');

const { ConfigurationError } = classes;

/** The columns, in order: the kind of each, and where it is in a result. Of what failed, its error's facts. */
const COLUMNS = {
  transactionId: ['text', ({ transactionId }) => transactionId],
  reference: ['text', ({ state }) => state?.payment?.referenceNumber],
  amount: ['amount', ({ state }) => state?.payment?.totalAmount],
  status: ['word', ({ state }) => state?.status],
  isPaid: ['flag', ({ state }) => state?.isPaid],
  resultCode: ['integer', ({ state, error }) => (state ?? error).resultCode],
  paymentSuccessful: ['flag', ({ state }) => state?.paymentSuccessful],
  message: ['text', ({ state }) => state?.message],
  invoiceNumber: ['integer', ({ state }) => state?.payment?.invoiceNumber],
  paymentStatusId: ['integer', ({ state }) => state?.payment?.statusId],
  created: ['instant', ({ state }) => state?.payment?.created],
  discountAmount: ['amount', ({ state }) => state?.payment?.discountAmount],
  shippingAmount: ['amount', ({ state }) => state?.payment?.shippingAmount],
  handlingAmount: ['amount', ({ state }) => state?.payment?.handlingAmount],
  accountNumber: ['integer', ({ state }) => state?.payment?.accountNumber],
  numberOfInstallments: ['integer', ({ state }) => state?.payment?.numberOfInstallments],
  clientIdentityConfirmed: ['flag', ({ state }) => state?.payment?.clientIdentityConfirmed],
  locationId: ['text', ({ state }) => state?.payment?.locationId],
  registerId: ['text', ({ state }) => state?.payment?.registerId],
  checkedAt: ['instant', ({ state }) => state?.checkedAt],
  referenceId: ['text', ({ state, error }) => (state ?? error).referenceId],
  errorCode: ['word', ({ error }) => error?.code],
  errorMessage: ['text', ({ error }) => error?.message],
};

function toCSV(results) {
  const columns = Object.values(COLUMNS);
  const lines = results.map((result) => columns.map(([, of]) => native.csvCell(String(of(result) ?? ''))).join(','));
  return [Object.keys(COLUMNS).join(','), ...lines, ''].join('\r\n');
}

function toArrow(results) {
  const arrow = apacheArrow();
  const vectors = Object.entries(COLUMNS).map(([name, [kind, of]]) => {
    const values = results.map((result) => of(result) ?? null);
    return [name, vector(arrow, kind, values)];
  });
  return new arrow.Table(Object.fromEntries(vectors));
}

function apacheArrow() {
  try {
    return require('apache-arrow');
  } catch (cause) {
    if (cause.code !== 'MODULE_NOT_FOUND') throw cause;
    throw new ConfigurationError('toArrow needs the package apache-arrow: npm install apache-arrow', { cause });
  }
}

function vector(arrow, kind, values) {
  switch (kind) {
    case 'amount':
      return amounts(arrow, values);
    case 'flag':
      return arrow.vectorFromArray(values, new arrow.Bool());
    case 'instant': {
      const instants = values.map((value) => value && Date.parse(value));
      return arrow.vectorFromArray(instants, new arrow.TimestampMillisecond('UTC'));
    }
    case 'integer': {
      const integers = values.map((value) => (value === null ? null : BigInt(value)));
      return arrow.vectorFromArray(integers, new arrow.Int64());
    }
    case 'word':
      return arrow.vectorFromArray(values, new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8()));
    default:
      return arrow.vectorFromArray(values, new arrow.Utf8());
  }
}

/** Exact decimals, with as many places as the amount that has most of them, and two at the least. */
function amounts(arrow, values) {
  const places = (text) => (text?.split('.')[1] ?? '').length;
  const scale = values.reduce((most, text) => Math.max(most, places(text)), 2);
  const scaled = values.map((text) => {
    if (text === null) return null;
    const units = BigInt(text.replace('.', '') + '0'.repeat(scale - places(text)));
    return new Uint32Array(new BigInt64Array([BigInt.asIntN(64, units), units >> 64n]).buffer);
  });
  return arrow.vectorFromArray(scaled, new arrow.Decimal(scale, 38, 128));
}

module.exports = { toCSV, toArrow };
