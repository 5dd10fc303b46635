import testing from './testing.cjs';

export const { simulatorFor, useSimulator } = testing;
