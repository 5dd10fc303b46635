// Every order of deliveries: jobs come early, twice and again, and workers die or stand still between any two steps.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cartPollProcessor } from 'netgiro/bullmq';
import { Deliveries } from './deliveries.mjs';

const isFull = process.env.NETGIRO_STORM === 'full';
const SEED = Number(process.env.NETGIRO_STORM_SEED ?? 2019);

const place = fc.nat(7);
const timeoutMs = fc.constantFrom(10, 60_000);
const fate = fc.option(fc.record({ step: fc.nat(8), what: fc.constantFrom('is killed', 'stands still') }), { nil: undefined });
const fault = fc.constantFrom(
  { status: 400 },
  { status: 401 },
  { status: 429 },
  { body: '[]', processed: true },
  { confirmDuring: true },
);
const EVENTS = {
  follow: [timeoutMs],
  deliver: [place, fate],
  resume: [place, fate],
  decide: [place, fc.constantFrom('confirm', 'decline', 'expire')],
  fail: [fc.boolean(), fault],
  failAsFunction: [],
  wait: [],
};

/** A command for each kind of event. */
const commands = fc.commands(
  Object.entries(EVENTS).map(([name, values]) =>
    fc.tuple(...values).map((chosen) => ({
      check: () => true,
      async run(model, deliveries) {
        await deliveries[name](...chosen);
        deliveries.check();
      },
      toString: () => `${name}(${chosen.map((value) => JSON.stringify(value)).join(', ')})`,
    })),
  ),
  { maxCommands: 30, size: 'max' },
);

async function run(makeProcessor, numRuns, options = {}) {
  const property = fc.asyncProperty(fc.constantFrom('v1', 'v1', 'v2'), timeoutMs, commands, async (api, first, chosen) => {
    const deliveries = await Deliveries.open(api, makeProcessor);
    try {
      await deliveries.follow(first);
      await fc.asyncModelRun(() => ({ model: {}, real: deliveries }), chosen);
      await deliveries.end();
    } finally {
      await deliveries.close();
    }
  });
  await fc.assert(property, { seed: SEED, numRuns: isFull ? 5_000 : numRuns, ...options });
}

describe('every order of deliveries', () => {
  it('tells the shop what Netgíró holds, once, and ends', async () => {
    await run(cartPollProcessor, 60);
  });

  // Faults of the product, each of which must break an invariant.
  const faults = {
    'a job that is done when it is to wait': [
      (options) => {
        const process = cartPollProcessor(options);
        return (job, token) =>
          process(job, token).catch((error) => {
            if (error.name !== 'DelayedError') throw error;
          });
      },
      /a job is done when the shop was told/u,
    ],
    'a deadline that is the end': [
      ({ client, onSettled }) => {
        const settleCart = async (poll) => poll.answered('declined').state;
        return cartPollProcessor({ client: { ...client, settleCart }, onSettled });
      },
      /told declined only what cannot be paid/u,
    ],
    'a function that is called twice': [
      ({ client, onSettled }) =>
        cartPollProcessor({
          client,
          onSettled: async (state) => {
            await onSettled(state);
            await onSettled(state);
          },
        }),
      /the shop is told once/u,
    ],
    'a job that comes at once': [
      (options) => (job, token) => {
        const moveToDelayed = (_, its) => job.moveToDelayed(Date.now(), its);
        return cartPollProcessor(options)(Object.assign(Object.create(job), { moveToDelayed }), token);
      },
      /no job is moved to come early/u,
    ],
    'a job that is moved without its token': [
      (options) => (job, token) => {
        const moveToDelayed = (timestamp) => job.moveToDelayed(timestamp);
        return cartPollProcessor(options)(Object.assign(Object.create(job), { moveToDelayed }), token);
      },
      /a job is moved by the worker that has it/u,
    ],
    'a check before each step': [
      ({ client, onSettled }) => {
        const pollStep = async (poll) => {
          await client.pollStep(poll);
          return await client.pollStep(poll);
        };
        return cartPollProcessor({ client: { ...client, pollStep }, onSettled });
      },
      /one check a delivery/u,
    ],
  };
  for (const [name, [makeProcessor, broken]] of Object.entries(faults)) {
    it(`finds ${name}`, async () => {
      await assert.rejects(run(makeProcessor, 500, { endOnFailure: true }), ({ cause }) => broken.test(cause.message));
    });
  }
});
