'use strict';
// The polling of a cart as a BullMQ job: one step at a time, on whichever worker is free.

const { ConfigurationError } = require('./errors.cjs').classes;
const { members, required, types, waitOptions } = require('./arguments.cjs');
const { CartPoll, delay: delayOf } = require('./poll.cjs');

const { client, fn, plain, text } = types;

const JOB_NAME = 'netgiro-cart';

/**
 * A shop's function that fails, and keys that are refused, are tried again after 1, 2, 4 … seconds, for some twelve
 * days. The job is kept for a day, so that adding its cart again does nothing.
 */
const JOB = {
  attempts: 20,
  backoff: { type: 'exponential', delay: 1_000 },
  removeOnComplete: { age: 86_400 },
};

/**
 * For the worker. A step is short and may be taken twice, so a worker that died is soon stood in for, and a job is
 * never given up for having stalled: by BullMQ's default that is the second time.
 */
const cartPollWorkerOptions = Object.freeze({
  concurrency: 50,
  lockDuration: 10_000,
  stalledInterval: 5_000,
  maxStalledCount: 1_000,
});

async function addCartPoll(queue, cart, options = {}) {
  if (!fn.fits(queue?.add)) throw new ConfigurationError('addCartPoll takes a Queue of BullMQ first');
  const { wait, job, name = JOB_NAME } = waitOptions('addCartPoll', options, { job: plain, name: text });
  const poll = new CartPoll(cart, wait);
  const { reference = null } = poll.toJSON();
  const data = { reference, poll: poll.toJSON() };
  return await queue.add(name, data, { ...JOB, delay: delayOf(poll), ...job, jobId: poll.transactionId });
}

function cartPollProcessor(options) {
  const given = members('cartPollProcessor', options, { client: required(client), onSettled: required(fn) }, ConfigurationError);
  const { DelayedError } = bullmq();
  return async (job, token) => {
    const before = read(job);
    const poll = await step(given.client, before);
    if (poll.toJson() !== before.toJson()) await job.updateData({ ...job.data, poll: poll.toJSON() });
    if (!poll.isDone) {
      await job.moveToDelayed(Date.now() + delayOf(poll), token);
      throw new DelayedError();
    }
    await given.onSettled(poll.state, job);
    return poll.state;
  };
}

/** The poll of a job. One that no poll has written is as unreadable the next time: the job fails for good, and is kept. */
function read(job) {
  try {
    return CartPoll.fromJson(job.data.poll);
  } catch (error) {
    job.discard?.();
    throw error;
  }
}

/** One check, when it is due; at the deadline the cart is settled, which cancels it and reads the answer. */
async function step(of, before) {
  try {
    return await of.pollStep(before);
  } catch (error) {
    // Not by its class: the client may be of another copy of this package.
    if (error?.code !== 'wait_timeout') throw error;
    const poll = error.poll ?? before;
    return poll.answered(await of.settleCart(poll, { timeoutMs: 0 }), { afterCancel: true });
  }
}

function bullmq() {
  try {
    return require('bullmq');
  } catch (cause) {
    throw new ConfigurationError('netgiro/bullmq needs BullMQ: npm install bullmq', { cause });
  }
}

module.exports = { addCartPoll, cartPollProcessor, cartPollWorkerOptions };
