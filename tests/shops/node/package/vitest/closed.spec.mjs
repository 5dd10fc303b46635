// A shop's tests that close what they open, and wait until that has ended: whatever is open then is a leak.

import { createHook } from 'node:async_hooks';
import { afterAll, expect, it } from 'vitest';
import { Client } from 'netgiro';
import { simulatorFor } from 'netgiro/testing';

const open = new Set();
const hook = createHook({
  init: (id, type) => type === 'napi_rs_threadsafe_function' && open.add(id),
  destroy: (id) => open.delete(id),
}).enable();

// What is closed ends a moment later. A timer that waited for it would itself be found: Vitest takes one that was cleared a
// moment ago for one that runs.
afterAll(async () => {
  const deadline = Date.now() + 60_000;
  while (open.size > 0 && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
  hook.disable();
  expect(open.size).toBe(0);
}, 70_000);

it('all is closed', async (test) => {
  const { simulator, env } = await simulatorFor(test);
  const client = new Client({ appKey: env.NETGIRO_APP_KEY, secretKey: env.NETGIRO_SECRET_KEY, baseUrl: env.NETGIRO_BASE_URL });
  const cart = await client.insertCart({ amount: 4990, reference: 'order-1', customerId: '8223281' });
  expect(open.size).toBe(1);
  simulator.confirm(cart);
  expect((await client.settleCart(cart)).isPaid).toBe(true);
  await client.close();
});
