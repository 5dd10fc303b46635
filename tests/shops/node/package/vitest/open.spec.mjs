// What a test leaves open when it closes nothing: what finds leaks must find this one.

import { expect, it } from 'vitest';
import { Simulator } from 'netgiro';

it('nothing is closed', async () => {
  const simulator = await Simulator.start();
  const cart = await simulator.client().insertCart({ amount: 4990, reference: 'order-1', customerId: '8223281' });
  expect(cart.amount).toBe(4990);
});
