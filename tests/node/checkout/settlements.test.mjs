// Settlements and their items, over the simulator's V2.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ApiError, AuthenticationError, Client, ConfigurationError, InvalidRequestError, ProtocolError } from 'netgiro';
import { APP_KEY, SECRET, simulate } from '../harness.mjs';

const DAY = 86_400_000;

/** A simulator in the middle of a day, so that none ends in the middle of a test, and its client. */
async function atNoon(options) {
  const simulator = await simulate(options);
  const client = simulator.client();
  const now = Date.parse(simulator.now());
  simulator.advance((Math.floor(now / DAY) + 1.5) * DAY - now);
  return { simulator, client, today: () => simulator.now().slice(0, 10) };
}

async function sell(client, amount) {
  const cart = await client.insertCart({ amount, reference: `order-${amount}`, customerId: '8111111' });
  return client.checkCart(cart);
}

it('tells of a settlement and of its items', async () => {
  const { simulator, client, today } = await atNoon({ decimals: 2, settlementCost: 200 });
  const dateFrom = today();
  const sold = [await sell(client, 4990), await sell(client, 1010)];
  simulator.advance(DAY);
  const settlements = await client.settlements({ dateFrom, dateTo: today() });
  const [settlement] = settlements;
  const { number } = settlement;
  assert.deepEqual(settlements, [
    {
      providerName: 'Netgíró',
      number,
      created: `${today()}T00:00:00.000Z`,
      amount: '5880.00',
      costAmount: '120.00',
      bankTransferTransactionDate: `${today()}T00:00:00.000Z`,
      numberOfSales: 2,
      totalAmount: '6000.00',
      status: 'Paid',
    },
  ]);
  assert.ok(Object.isFrozen(settlements) && Object.isFrozen(settlement));
  const items = await client.settlementItems(number);
  assert.deepEqual(
    items.map(({ loanNumber, totalAmount }) => [loanNumber, totalAmount]),
    sold.map(({ payment }) => [`L-${payment.invoiceNumber}`, payment.totalAmount]),
  );
  assert.equal(items[0].created, sold[0].payment.created);

  const asDates = { dateFrom: new Date(dateFrom), dateTo: new Date(simulator.now()) };
  assert.deepEqual(await client.settlements({ ...asDates, settlementNumber: number }), settlements);
  assert.deepEqual(await client.settlements({ ...asDates, settlementNumber: '100000-000069' }), []);
});

it('reads the documented answers', async () => {
  const { simulator, client } = await atNoon();
  simulator.addFault('SettlementList', { body: '[{"Number":"100000-000069","TotalAmount":153000},{"Number":69}]' });
  const listed = await client.settlements({ dateFrom: '2026-05-01', dateTo: '2026-05-31' });
  assert.deepEqual(listed.map(({ number }) => number), ['100000-000069', '69']);
  simulator.addFault('SettlementItems', { status: 200, body: '[{"LoanNumber":"L-123456"},{"LoanNumber":7}]' });
  const items = await client.settlementItems('100000-000069');
  assert.deepEqual(items.map(({ loanNumber }) => loanNumber), ['L-123456', '7']);
});

it('leaves a withheld cart out', async () => {
  const { simulator, client, today } = await atNoon();
  simulator.withhold(await sell(client, 1000));
  simulator.advance(DAY);
  assert.deepEqual(await client.settlements({ dateFrom: '2020-01-01', dateTo: today() }), []);
  const open = await client.insertCart({ amount: 1, reference: 'order', customerId: '8223281' });
  assert.throws(() => simulator.withhold(open), InvalidRequestError);
});

it('refuses what cannot be asked, and what is no answer', async () => {
  const { simulator, client } = await atNoon();
  const days = { dateFrom: '2026-01-01', dateTo: '2026-01-31' };
  for (const wrong of [
    undefined,
    {},
    { dateFrom: days.dateFrom },
    { ...days, dateTo: 7 },
    { ...days, dateTo: '31.1.2026' },
    { ...days, dateTo: new Date(Number.NaN) },
    { dateFrom: days.dateTo, dateTo: days.dateFrom },
    { ...days, settlementNumber: 7 },
    { ...days, settlementNumber: '' },
    { ...days, settlementNumber: '1\n' },
    { ...days, number: 1 },
  ]) {
    await assert.rejects(client.settlements(wrong), InvalidRequestError, JSON.stringify(wrong));
  }
  await assert.rejects(client.settlementItems(), InvalidRequestError);
  for (const wrong of [7, null, '', ' ', '.', '..', '1\n', '\u007f', '1'.repeat(101)]) {
    await assert.rejects(client.settlementItems(wrong), InvalidRequestError, JSON.stringify(wrong));
  }
  assert.equal(simulator.requests().length, 0);

  await assert.rejects(client.settlementItems('100000-000069'), ApiError);
  simulator.addFault('SettlementItems', { status: 401 });
  await assert.rejects(client.settlementItems('100000-000069'), AuthenticationError);
  simulator.addFault('SettlementList', { body: '[{"Amount":"7"}]' });
  await assert.rejects(client.settlements(days), ProtocolError);
  const signal = AbortSignal.abort();
  await assert.rejects(client.settlements(days, { signal }), { name: 'AbortError' });

  const old = new Client({ appKey: APP_KEY, secretKey: SECRET, baseUrl: 'https://test.netgiro.is/api/' });
  await assert.rejects(old.settlements(days), ConfigurationError);
  await old.close();
});
