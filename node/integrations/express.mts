// The same module for `import`.

export { default, netgiroCallback } from './express.js';
export type * from './express.js';
