// A shop's server, as pm2 runs it in cluster mode: it says when it is ready, and ends its calls at SIGINT.

import { createServer } from 'node:http';
import { pay } from './pay.mjs';

const server = createServer(async (request, response) => {
  const paid = await pay(`order-${request.url.slice(1)}`);
  response.setHeader('Connection', 'close');
  response.end(JSON.stringify({ pid: process.pid, paid }));
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'));

process.once('SIGINT', () => {
  server.close(() => {
    // The process ends by itself: nothing of netgiro holds it. pm2 itself keeps a channel open.
    process.disconnect?.();
  });
});
