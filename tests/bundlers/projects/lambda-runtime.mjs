// What Lambda's runtime does with a handler that waits for an empty event loop (callbackWaitsForEmptyEventLoop): the answer
// leaves when there is nothing left to do, and then the container is frozen until the next event.

import { pathToFileURL } from 'node:url';

const [file, ...references] = process.argv.slice(2);
const { handler } = await import(pathToFileURL(file).href);

async function next() {
  const reference = references.shift();
  if (reference === undefined) return;
  const response = await handler({ reference });
  process.once('beforeExit', () => {
    console.log(JSON.stringify(response));
    // The container is frozen here: the test stops this process, and lets it go on.
    process.kill(process.pid, 'SIGSTOP');
    setTimeout(next);
  });
}
await next();
