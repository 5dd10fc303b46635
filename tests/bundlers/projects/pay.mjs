// A shop's program: one customer, who pays; and a refusal, whose class must be the same in the whole bundle.

import netgiro, { Client, InvalidRequestError } from 'netgiro';

export async function pay(reference) {
  const client = Client.fromEnv();
  try {
    const cart = await client.insertCart({ amount: 4990, reference, customerId: '8111111' });
    const { status, isPaid } = await client.settleCart(cart, { timeoutMs: 60_000 });
    const refused = await client.checkCart('').catch((error) => (error instanceof InvalidRequestError ? error.code : String(error)));
    return { status, isPaid, same: netgiro.Client === Client, refused };
  } finally {
    await client.close();
  }
}
