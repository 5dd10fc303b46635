// The same module for `import`.

export { simulatorFor, useSimulator } from './testing.js';
export type * from './testing.js';
