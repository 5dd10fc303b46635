// The same module for `import`.

export { default, addCartPoll, cartPollProcessor, cartPollWorkerOptions } from './bullmq.js';
export type * from './bullmq.js';
