// A TypeScript shop, compiled with everything strict. What must not compile says so.
import express from 'express';
import fastify from 'fastify';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import * as nodeTest from 'node:test';
import * as vitest from 'vitest';
import { Client, MemoryReplayGuard } from 'netgiro';
import { addCartPoll, cartPollProcessor, cartPollWorkerOptions } from 'netgiro/bullmq';
import { type CallbackLedger, type ExpressCallbackOptions, netgiroCallback } from 'netgiro/express';
import { netgiro } from 'netgiro/fastify';
import { simulatorFor, useSimulator } from 'netgiro/testing';

const client = Client.fromEnv();
const redis = new Redis();

const ledger: CallbackLedger = {
  claim: async (transactionId, holder) => (await redis.set(transactionId, holder, 'PX', 600_000, 'NX')) === 'OK',
  release: (transactionId) => redis.del(transactionId),
  done: (transactionId) => redis.set(transactionId, 'done'),
};

const options: ExpressCallbackOptions = {
  client,
  url: (request) => `https://shop.example${request.originalUrl}`,
  order: async (callback) => (callback.reference === null ? null : { amount: 4990, reference: callback.reference }),
  record: async () => undefined,
  settled: (state, callback) => {
    const paid: boolean = state.isPaid;
    // @ts-expect-error a settled cart is not pending
    const pending: boolean = state.status === 'pending';
    return [paid, pending, callback.amount];
  },
  replayGuard: new MemoryReplayGuard(),
  ledger,
  rawBody: (request) => (request as { kept?: Buffer }).kept,
  onError: (error, { status, transactionId }) => console.log(error, status?.toFixed(), transactionId?.length),
};

const app = express();
const route = netgiroCallback(options);
app.use('/netgiro/callback', route);
app.all('/other', route);
await route.close();
// @ts-expect-error the order is what a callback is compared with
netgiroCallback({ client, url: 'https://shop.example' });
// @ts-expect-error an order has an amount
netgiroCallback({ client, url: 'https://shop.example', order: () => ({ reference: 'order-1' }) });

const server = fastify();
await server.register(netgiro, { client, callback: { url: 'https://shop.example/cb', order: () => null } });
await server.register(netgiro);
const { transactionId } = await server.netgiro.insertCart({ amount: 1, reference: 'a', customerId: '8223281' });
// @ts-expect-error the plugin has the client
server.register(netgiro, { callback: { client, url: 'https://shop.example/cb', order: () => null } });

const queue = new Queue('carts', { connection: redis });
const job = await addCartPoll(queue, transactionId, { timeoutMs: 180_000, policy: { minIntervalMs: 2_000 }, job: { priority: 1 } });
const reference: string | null = job.data.reference;
// @ts-expect-error its id is the cart's
await addCartPoll(queue, transactionId, { job: { jobId: 'other' } });
const processor = cartPollProcessor({ client, onSettled: (state, { data }) => [state.isFinal, data.reference] });
new Worker('carts', processor, { ...cartPollWorkerOptions, connection: redis });

const ofNode = useSimulator({ before: nodeTest.before, after: nodeTest.after }, { seed: 1, client: { timeoutMs: 5 } });
const ofVitest = useSimulator(vitest);
nodeTest.test('a', async (t) => {
  const { simulator } = await simulatorFor(t);
  console.log(simulator.url, ofNode.simulator.url);
});
vitest.test('b', async (context) => {
  const { env } = await simulatorFor(context);
  const key: string = env.NETGIRO_APP_KEY;
  console.log(key, ofVitest.client, reference);
});
