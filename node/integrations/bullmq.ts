/**
 * The polling of a cart as a BullMQ job: one step at a time, on whichever worker is free.
 *
 * @packageDocumentation
 */

import type { Job, JobsOptions, Queue } from 'bullmq';
import type { Client } from '../client.js';
import { members, type Names, options as declared, required, types, waitOptions } from '../internal/arguments.js';
import { made, open } from '../internal/calls.js';
import { ConfigurationError } from '../internal/errors.js';
import { type FollowUpOutcome, type FollowUpView, native, type NativeFollowUp } from '../internal/native.js';
import { within } from '../internal/stacks.js';
import type { WaitOptions } from '../options.js';
import { type CartLike, CartPoll, type CartPollJson, delay as delayOf, fromView } from '../poll.js';
import type { CartState } from '../values.js';
import { failed } from '../webhook/followup.js';

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

/** Options for the worker, under which a worker that died is stood in for within some 15 seconds, and no job is given up. */
// A step is short and may be taken twice; by BullMQ's default a job that stalls for the second time is given up.
export const cartPollWorkerOptions: {
  /** How many carts a worker polls at a time. */
  readonly concurrency: 50;
  /** For how long a worker has a job before others may take it, in milliseconds. */
  readonly lockDuration: 10_000;
  /** How often workers look for jobs whose worker has died, in milliseconds. */
  readonly stalledInterval: 5_000;
  /** How often a job may lose its worker before it fails. */
  readonly maxStalledCount: 1_000;
} = Object.freeze({
  concurrency: 50,
  lockDuration: 10_000,
  stalledInterval: 5_000,
  maxStalledCount: 1_000,
});

/** What a job keeps. It holds neither the secret key nor a phone number. */
export interface CartPollData {
  /** The order, where {@link addCartPoll} was given a cart that names it. */
  reference: string | null;
  /** The poll, as far as it has come. */
  poll: CartPollJson;
}

/** The options of {@link addCartPoll}. */
export interface AddCartPollOptions extends WaitOptions {
  /** The name of the job. Default `netgiro-cart`. */
  name?: string | undefined;
  /** Options of the job, in place of the defaults: 20 attempts after 1, 2, 4 … seconds, kept for a day once completed. */
  job?: Omit<JobsOptions, 'jobId' | 'repeat'> | undefined;
}

/** What {@link cartPollProcessor} is made with. */
export interface CartPollProcessorOptions {
  /** The client that asks. */
  client: Client;
  /**
   * Told when polling has nothing more to learn: the cart is final, or it is your move (`reserved`, `needs_code`). Called
   * at least once, and again if it raised or its worker died: record what it is told so that a second time changes
   * nothing. It may be asynchronous.
   */
  onSettled: (state: CartState, job: Job<CartPollData, CartState>) => unknown;
}

const ADD = declared({ job: plain, name: text });
const PROCESSOR = declared({ client: required(client), onSettled: required(fn) } satisfies Names<CartPollProcessorOptions>);

/**
 * Adds the job that follows a cart to its end. Its id is the transaction id: while the queue has a job for a cart, adding
 * another does nothing.
 *
 * `timeoutMs` is how long the customer has, by default 180,000 ms from now; then the cart is canceled, and the answer read.
 * @throws `InvalidRequestError` for what is no cart, and for options that cannot be used.
 */
export async function addCartPoll(
  queue: Pick<Queue, 'add'>,
  cart: CartLike,
  options: AddCartPollOptions = {},
): Promise<Job<CartPollData, CartState>> {
  const { poll, job, name = JOB_NAME } = within(addCartPoll, () => {
    if (!fn.fits((queue as Partial<typeof queue> | null | undefined)?.add)) {
      throw new ConfigurationError('addCartPoll takes a Queue of BullMQ first');
    }
    const { wait, ...others } = waitOptions('addCartPoll', options, ADD);
    return { ...others, poll: new CartPoll(cart, wait) };
  });
  const kept = poll.toJSON() as CartPollJson & { reference?: string | null };
  const data: CartPollData = { reference: kept.reference ?? null, poll: kept };
  return await queue.add(name, data, { ...JOB, delay: delayOf(poll), ...job, jobId: poll.transactionId });
}

/**
 * The processor for a `Worker`: takes one step of a cart's poll, and moves its job on to when the next is due. A step that
 * comes early or twice sends nothing. Calls that fail are part of the schedule; what ends a poll (keys that are refused, an
 * amount that differs, `UnresolvedError`) fails the job, which BullMQ tries again.
 * @throws `ConfigurationError` for options that cannot be used, and where BullMQ is not installed.
 */
export function cartPollProcessor(
  options: CartPollProcessorOptions,
): (job: Job<CartPollData, CartState>, token?: string) => Promise<CartState> {
  const { DelayedError, ...given } = within(cartPollProcessor, () => {
    const taken = members('cartPollProcessor', options, PROCESSOR, ConfigurationError) as unknown as CartPollProcessorOptions;
    return { DelayedError: bullmq().DelayedError, client: taken.client, onSettled: taken.onSettled };
  });
  return async (job, token) => {
    let poll = read(job);
    const followUp = made(native.followUpInMessages(poll.toJson()));
    let next = open(followUp.standing());
    while (next.action !== 'wait' && next.action !== 'end') {
      next = await take(followUp, () => perform(given, next.action, poll, job));
      const reached = fromView(open(followUp.poll()));
      if (reached.toJson() !== poll.toJson()) await job.updateData({ ...job.data, poll: reached.toJSON() });
      poll = reached;
    }
    if (next.action === 'wait') {
      await job.moveToDelayed(Date.now() + next.delayMs, token);
      throw new DelayedError();
    }
    return poll.state as CartState;
  };
}

/** The poll of a job. One that no poll has written is as unreadable the next time: the job fails for good, and is kept. */
function read(job: Job<CartPollData, CartState>): CartPoll {
  try {
    return CartPoll.fromJson(job.data.poll);
  } catch (error) {
    // BullMQ 5 has it; in 6 such an error comes from the job's own data each time, and its attempts run out.
    (job as { discard?: () => void }).discard?.();
    throw error;
  }
}

/** Takes an action of the core's; throws what failed, unless the core goes on at once: BullMQ tries it again. */
async function take(followUp: NativeFollowUp, act: () => Promise<FollowUpOutcome>): Promise<FollowUpView> {
  try {
    return open(followUp.step(JSON.stringify(await act()), 0));
  } catch (error) {
    const next = open(followUp.step(JSON.stringify(failed(error)), 0));
    if (next.action === 'wait' || next.action === 'end') throw error;
    return next;
  }
}

/** One check, when it is due; at the deadline the cart is settled, which cancels it and reads the answer. */
async function perform(
  { client: of, onSettled }: CartPollProcessorOptions,
  action: string,
  poll: CartPoll,
  job: Job<CartPollData, CartState>,
): Promise<FollowUpOutcome> {
  if (action === 'check') return { checked: (await of.pollStep(poll)).toJson() };
  if (action === 'settle') {
    return { checked: poll.answered(await of.settleCart(poll, { timeoutMs: 0 }), { afterCancel: true }).toJson() };
  }
  await onSettled(poll.state as CartState, job);
  return 'done';
}

function bullmq(): typeof import('bullmq') {
  try {
    return require('bullmq') as typeof import('bullmq');
  } catch (cause) {
    throw new ConfigurationError('netgiro/bullmq needs BullMQ: npm install bullmq', { cause });
  }
}

/** All names of this module. */
export default { addCartPoll, cartPollProcessor, cartPollWorkerOptions };
