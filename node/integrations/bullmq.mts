import bullmq from './bullmq.cjs';

export const { addCartPoll, cartPollProcessor, cartPollWorkerOptions } = bullmq;
