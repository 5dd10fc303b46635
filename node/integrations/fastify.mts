import fastify from './fastify.cjs';

export const { netgiro } = fastify;
