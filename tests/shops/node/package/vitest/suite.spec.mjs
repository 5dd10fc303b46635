// A shop's own tests, as Vitest runs them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from 'netgiro';
import { simulatorFor, useSimulator } from 'netgiro/testing';

const customerId = '8223281';

describe('one simulator for a suite', () => {
  const netgiro = useSimulator({ beforeAll, afterAll }, { seed: 5 });
  let kept;

  it('a customer pays', async () => {
    const cart = await netgiro.client.insertCart({ amount: 4990, reference: 'order-1', customerId });
    netgiro.simulator.confirm(cart);
    expect((await netgiro.client.settleCart(cart)).isPaid).toBe(true);
    kept = netgiro.simulator;
  });

  it('is the same in each test', () => {
    expect(netgiro.simulator).toBe(kept);
    expect(netgiro.simulator.carts()).toHaveLength(1);
  });
});

describe('one for each test', () => {
  it('has nothing in it', async (test) => {
    const { simulator, env } = await simulatorFor(test);
    expect(simulator.carts()).toEqual([]);
    expect(new Client({ appKey: env.NETGIRO_APP_KEY, secretKey: env.NETGIRO_SECRET_KEY, baseUrl: env.NETGIRO_BASE_URL }).baseUrl).toBe(simulator.url);
  });
});
