/**
 * The polling of a cart as a BullMQ job: one step at a time, on whichever worker is free.
 *
 * @packageDocumentation
 */

import type { Job, JobsOptions, Queue } from 'bullmq';
import type { CartLike, CartPollJson, CartState, Client, WaitOptions } from './index.js';

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

/**
 * Adds the job that follows a cart to its end. Its id is the transaction id: while the queue has a job for a cart, adding
 * another does nothing.
 *
 * `timeoutMs` is how long the customer has, by default 180,000 ms from now; then the cart is canceled, and the answer read.
 */
export function addCartPoll(
  queue: Pick<Queue, 'add'>,
  cart: CartLike,
  options?: AddCartPollOptions,
): Promise<Job<CartPollData, CartState>>;

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

/**
 * The processor for a `Worker`: takes one step of a cart's poll, and moves its job on to when the next is due. A step that
 * comes early or twice sends nothing. Calls that fail are part of the schedule; what ends a poll (keys that are refused, an
 * amount that differs, {@link UnresolvedError}) fails the job, which BullMQ tries again.
 */
export function cartPollProcessor(
  options: CartPollProcessorOptions,
): (job: Job<CartPollData, CartState>, token?: string) => Promise<CartState>;

/** Options for the worker, under which a worker that died is stood in for within some 15 seconds, and no job is given up. */
export const cartPollWorkerOptions: {
  readonly concurrency: 50;
  readonly lockDuration: 10_000;
  readonly stalledInterval: 5_000;
  readonly maxStalledCount: 1_000;
};
