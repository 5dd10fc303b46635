import netgiro, { Client, InvalidRequestError } from 'netgiro';

export async function POST(request) {
  const { reference } = await request.json();
  const client = Client.fromEnv();
  try {
    const cart = await client.insertCart({ amount: 4990, reference, customerId: '8111111' });
    const { status, isPaid } = await client.settleCart(cart, { timeoutMs: 60_000 });
    const refused = await client.checkCart('').catch((error) => (error instanceof InvalidRequestError ? error.code : String(error)));
    return Response.json({ status, isPaid, same: netgiro.Client === Client, refused });
  } finally {
    await client.close();
  }
}
