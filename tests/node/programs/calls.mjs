// Makes calls, 64 at a time, and prints the process's memory after the warm-up and after each third of the calls, in bytes.
//
//   node --expose-gc calls.mjs WARM_UP CALLS LEAK BASE_URL     LEAK: bytes to lose at each call, to try the test

import { readFileSync } from 'node:fs';
import { Client } from 'netgiro';

const [warmUp, calls, leak] = process.argv.slice(2, 5).map(Number);
const client = new Client({
  appKey: process.env.NETGIRO_APP_KEY,
  secretKey: process.env.NETGIRO_SECRET_KEY,
  baseUrl: process.argv[5],
});
const ID = '0f0e0d0c-0b0a-4908-8706-050403020100';
const lost = [];

/** Every fiftieth call is an InsertCart, and every hundredth fails. */
async function call(number) {
  if (leak > 0) lost.push(Buffer.allocUnsafeSlow(leak).fill(number));
  if (number % 100 === 99) return await client.insertCart({ amount: 1, reference: 'x', customerId: '0' }).catch(() => null);
  if (number % 50 === 49) return await client.insertCart({ amount: 1, reference: 'x', customerId: '8223281' });
  return await client.checkCart(ID);
}

async function make(count) {
  let made = 0;
  const worker = async () => {
    while (made < count) {
      made += 1;
      await call(made);
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
}

/** The resident set, once what can be collected is. */
function resident() {
  for (let n = 0; n < 3; n += 1) globalThis.gc();
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
}

// What the first collection sets going takes memory, too, once: it belongs to the warm-up.
for (let n = 0; n < 3; n += 1) {
  await make(warmUp / 4);
  resident();
}
await make(warmUp / 4);
const measured = [resident()];
for (let n = 0; n < 3; n += 1) {
  await make(calls / 3);
  measured.push(resident());
}
console.log(JSON.stringify(measured));
