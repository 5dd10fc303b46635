// The same module for `import`.

export { default, simulatorFor, useSimulator } from './testing.js';
export type * from './testing.js';
