// The same module for `import`.

export { netgiro, netgiro as default } from './fastify.js';
export type * from './fastify.js';
