// A handler for AWS Lambda. The client is made once for each container; a frozen one does not mind.

import { Client } from 'netgiro';

const client = Client.fromEnv();

export const handler = async ({ reference }) => {
  const cart = await client.insertCart({ amount: 4990, reference, customerId: '8111111' });
  const { status, isPaid } = await client.settleCart(cart, { timeoutMs: 20_000 });
  return { statusCode: 200, body: JSON.stringify({ status, isPaid }) };
};
