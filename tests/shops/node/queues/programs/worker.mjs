// A worker process of a shop: takes the steps of the carts in its queue, until it is killed.

import { Worker } from 'bullmq';
import { Client } from 'netgiro';
import { cartPollProcessor, cartPollWorkerOptions } from 'netgiro/bullmq';
import { Store } from '../../redis.mjs';

const { PREFIX, NETGIRO_APP_KEY: appKey, NETGIRO_SECRET_KEY: secretKey, NETGIRO_BASE_URL: baseUrl, NETGIRO_API: api } = process.env;
const store = new Store(PREFIX);
const client = new Client({ appKey, secretKey, baseUrl, api, timeoutMs: 1_000 });
const onSettled = (state, job) => store.settle(job.data.reference, state.status);
const worker = new Worker('carts', cartPollProcessor({ client, onSettled }), {
  ...cartPollWorkerOptions,
  // The tests do not wait as long as a shop can.
  lockDuration: 1_000,
  stalledInterval: 500,
  connection: store.redis.duplicate(),
  prefix: PREFIX,
});
// What a worker hears whose lock has passed to another is no failure of its process.
worker.on('error', () => {});
await worker.waitUntilReady();
console.log('ready');
