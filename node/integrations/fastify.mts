// The same module for `import`.

export { netgiro } from './fastify.js';
export type * from './fastify.js';
