// The same module for `import`.

export { addCartPoll, cartPollProcessor, cartPollWorkerOptions } from './bullmq.js';
export type * from './bullmq.js';
