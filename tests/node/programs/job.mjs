// A job that sells one order, a step at a time, with all it knows in a file; killed where KILL_AT says, as a machine may
// be. Started again it goes on from the file.
//
//   node job.mjs FILE BASE_URL

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { CartPoll, Client } from 'netgiro';

const [file, baseUrl] = process.argv.slice(2);
const client = new Client({ appKey: process.env.NETGIRO_APP_KEY, secretKey: process.env.NETGIRO_SECRET_KEY, baseUrl });
const WAIT = { timeoutMs: 20_000, policy: { minIntervalMs: 120, defaultIntervalMs: 120, maxIntervalMs: 120 } };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function dieAt(point) {
  if (process.env.KILL_AT === point) process.kill(process.pid, 'SIGKILL');
}

/** Whoever is killed while a call is in flight is killed before it can be answered: the server takes its time. */
async function inFlight(point, call) {
  if (process.env.KILL_AT === point) setTimeout(() => dieAt(point), 40);
  return await call;
}

/** The file is replaced whole, or not at all. */
function keep(known, point) {
  writeFileSync(`${file}.new`, JSON.stringify(known));
  dieAt(`${point}, not kept`);
  renameSync(`${file}.new`, file);
  dieAt(`${point}, kept`);
}

let known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
if (known === null) {
  // What may have been inserted must never be inserted again: the attempt is written down before it is made.
  known = { attempted: true };
  keep(known, 'attempt');
  const order = { amount: 4990, reference: 'order-17', customerId: '8223281' };
  const cart = await inFlight('insert in flight', client.insertCart(order));
  dieAt('insert answered');
  known = { poll: new CartPoll(cart, WAIT) };
  keep(known, 'insert');
}
if (known.poll) {
  let poll = CartPoll.fromJson(known.poll);
  for (let step = 1; !poll.isDone; step += 1) {
    dieAt(`step ${step}`);
    // At once, and so at first too early: that sends nothing.
    poll = await inFlight(`step ${step} in flight`, client.pollStep(poll));
    dieAt(`step ${step} answered`);
    keep({ poll }, `step ${step}`);
    if (!poll.isDone) await pause(Math.max(0, poll.nextCheckAt - Date.now()));
  }
  console.log(poll.state.status);
} else {
  console.log('the insert is unknown');
}
