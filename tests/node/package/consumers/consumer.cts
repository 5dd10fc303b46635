// A TypeScript consumer that compiles to CommonJS, with neither Node's types nor the DOM's.
import { Client, type CartState, Simulator } from 'netgiro';
import netgiro = require('netgiro');

const start: () => Promise<Simulator> = () => Simulator.start();
const settle = (client: Client): Promise<CartState> =>
  client.settleCart('0f0e0d0c-0b0a-4908-8706-050403020100', { policy: { minIntervalMs: 5 } });

async function main(): Promise<string> {
  const simulator = await start();
  const state = await settle(simulator.client());
  await simulator[Symbol.asyncDispose]?.();
  return `${state.status} ${netgiro.Client === Client}`;
}

export = main;
