// The same module for `import`.

export { netgiroCallback } from './express.js';
export type * from './express.js';
