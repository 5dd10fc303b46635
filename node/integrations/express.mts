import express from './express.cjs';

export const { netgiroCallback } = express;
