// What the package does to the process it lives in: its threads, its sockets, its end; and to worker threads.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { APP_KEY, checkAnswer, full, ID, SECRET, simulate, until, withServer } from '../harness.mjs';

const run = promisify(execFile);
const onLinux = process.platform === 'linux';

/** Runs a script of its own in a new process; gives what it printed. One that does not end is killed, and has failed. */
async function script(source, env = {}) {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: new URL('.', import.meta.url).pathname,
    env: { ...process.env, NETGIRO_APP_KEY: APP_KEY, NETGIRO_SECRET_KEY: SECRET, ...env },
    timeout: 120_000,
  });
  return { stdout };
}

const COUNT = `
  import { readdirSync, readlinkSync } from 'node:fs';
  const threads = () => readdirSync('/proc/self/task').length;
  const sockets = () => readdirSync('/proc/self/fd').filter((fd) => {
    try { return readlinkSync('/proc/self/fd/' + fd).startsWith('socket:'); } catch { return false; }
  }).length;
  const all = () => readdirSync('/proc/self/fd').length;
`;

describe('before the first call', { skip: !onLinux }, () => {
  it('there is no thread, no socket and no file descriptor', async () => {
    const { stdout } = await script(`${COUNT}
      // Node reads modules on a pool of threads of its own, which this starts.
      await (await import('node:fs/promises')).readdir('.');
      const before = [threads(), sockets(), all()];
      const { Client, CartPoll, sign } = await import('netgiro');
      const client = Client.fromEnv();
      new CartPoll('${ID}').answered('pending');
      sign('a', 'b', 'c', 'd');
      try { client.verifyCallback({ url: 'u', headers: {}, body: '{}' }); } catch {}
      client.watchCart('${ID}');
      client.waitMany(['${ID}']);
      const after = [threads(), sockets(), all()];
      await client.checkCart('${ID}', { signal: AbortSignal.abort() }).catch(() => {});
      await client.checkCart('nonsense').catch(() => {});
      console.log(JSON.stringify([before, after, [threads(), sockets(), all()]]));
    `);
    const [before, after, refused] = JSON.parse(stdout);
    assert.deepEqual(after, before);
    assert.deepEqual(refused, before);
  });

  it('and one thread after it, however many clients and calls', async () => {
    await withServer(
      () => checkAnswer(10425),
      async ({ baseUrl }) => {
        const { stdout } = await script(
          `${COUNT}
          const { Client } = await import('netgiro');
          const before = threads();
          for (let n = 0; n < 3; n += 1) {
            const client = Client.fromEnv();
            await Promise.all(Array.from({ length: 10 }, () => client.checkCart('${ID}')));
          }
          console.log(threads() - before);
        `,
          { NETGIRO_BASE_URL: baseUrl },
        );
        assert.equal(stdout.trim(), '1');
      },
    );
  });
});

describe('the end of the process', () => {
  it('comes by itself with an idle client, a simulator, and a connection kept open', async () => {
    const { stdout } = await script(`
      import { Simulator } from 'netgiro';
      const simulator = await Simulator.start();
      globalThis.kept = simulator.client();
      const cart = await kept.insertCart({ amount: 1, reference: 'a', customerId: '8223281' });
      globalThis.unused = kept.watchCart(cart);
      await kept.watchCart(cart).next();
      console.log('done');
    `);
    assert.equal(stdout, 'done\n');
  });

  it('waits for a pending call', () =>
    withServer(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        return checkAnswer(10200);
      },
      async ({ baseUrl }) => {
        const source = `
          import { Client } from 'netgiro';
          Client.fromEnv().checkCart('${ID}').then((state) => console.log(state.status));
        `;
        assert.equal((await script(source, { NETGIRO_BASE_URL: baseUrl })).stdout, 'confirmed\n');
      },
    ));

  it('waits for a wait, and for many', () =>
    withServer(
      (_, index) => checkAnswer(index < 6 ? 10425 : 10200),
      async ({ baseUrl }) => {
        const source = `
          import { Client } from 'netgiro';
          const client = Client.fromEnv();
          const options = { policy: { minIntervalMs: 20, defaultIntervalMs: 20 } };
          client.waitForCart('${ID}', options).then((state) => console.log(state.status));
          (async () => {
            for await (const { state } of client.waitMany(['${ID}', '${ID}'], options)) console.log(state.status);
          })();
        `;
        const { stdout } = await script(source, { NETGIRO_BASE_URL: baseUrl });
        assert.equal(stdout, 'confirmed\n'.repeat(3));
      },
    ));

  it('does not wait for an aborted call', () =>
    withServer(
      () => 'hang',
      async (server) => {
        const source = `
          import { Client } from 'netgiro';
          const controller = new AbortController();
          const { NETGIRO_APP_KEY: appKey, NETGIRO_SECRET_KEY: secretKey, NETGIRO_BASE_URL: baseUrl } = process.env;
          const client = new Client({ appKey, secretKey, baseUrl, timeoutMs: 600_000 });
          client.checkCart('${ID}', { signal: controller.signal }).catch(({ name }) => console.log(name));
          setTimeout(() => controller.abort(), 100);
        `;
        const { stdout } = await script(source, { NETGIRO_BASE_URL: server.baseUrl });
        assert.equal(stdout, 'AbortError\n');
      },
    ));

  it('is clean when it is called with calls in flight', () =>
    withServer(
      () => 'hang',
      async (server) => {
        const source = `
          import { Client } from 'netgiro';
          const client = Client.fromEnv();
          for (let n = 0; n < 50; n += 1) client.checkCart('${ID}').catch(() => {});
          client.waitForCart('${ID}').catch(() => {});
          setTimeout(() => process.exit(7), 50);
        `;
        const error = await script(source, { NETGIRO_BASE_URL: server.baseUrl }).catch((e) => e);
        assert.deepEqual([error.code, error.signal, error.stderr], [7, null, '']);
      },
    ));

  it('an error that nobody catches is an unhandled rejection like any other', async () => {
    const source = `import { Client } from 'netgiro'; Client.fromEnv().checkCart('${ID}');`;
    const error = await script(source, { NETGIRO_BASE_URL: 'http://127.0.0.1:9/v1/' }).catch((e) => e);
    assert.equal(error.code, 1);
    assert.match(error.stderr, /ConnectError/);
  });
});

const WORKER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { Client } = require('netgiro');
  const client = new Client(workerData);
  const pending = Array.from({ length: 20 }, () => client.checkCart('${ID}'));
  client.waitForCart('${ID}', { onUpdate() {} }).catch(() => {});
  client.waitMany(['${ID}', '${ID}']).next().catch(() => {});
  parentPort.postMessage('sent');
  Promise.all(pending).then(([state]) => parentPort.postMessage(state), (error) => parentPort.postMessage(error.code));
`;

function startWorker(workerData, source = WORKER) {
  return new Worker(source, { eval: true, workerData });
}

describe('worker threads', () => {
  it('work side by side with the main thread', () =>
    withServer(
      () => checkAnswer(10200),
      async (server) => {
        const workers = Array.from({ length: 4 }, () =>
          startWorker({ appKey: APP_KEY, secretKey: SECRET, baseUrl: server.baseUrl }),
        );
        const states = workers.map(
          (worker) => new Promise((resolve) => worker.on('message', (m) => m !== 'sent' && resolve(m))),
        );
        assert.equal((await server.client().checkCart(ID)).status, 'confirmed');
        for (const state of await Promise.all(states)) assert.equal(state.status, 'confirmed');
        await Promise.all(workers.map((worker) => worker.terminate()));
      },
    ));

  it('may be terminated with calls in flight, again and again', async () => {
    // Answers some at once, some late, some never, so that terminations fall into every stage of a call.
    let number = 0;
    const answer = async () => {
      number += 1;
      if (number % 3 === 0) return 'hang';
      if (number % 3 === 1) await new Promise((resolve) => setTimeout(resolve, number % 20));
      return checkAnswer(10425);
    };
    await withServer(answer, async (server) => {
      for (let round = 0; round < (full ? 500 : 60); round += 1) {
        const worker = startWorker({ appKey: APP_KEY, secretKey: SECRET, baseUrl: server.baseUrl });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        if (round % 2) await new Promise((resolve) => setTimeout(resolve, round % 7));
        await worker.terminate();
      }
      assert.ok(server.requests.length > 60);
    });
    await withServer(
      () => checkAnswer(10200),
      async (server) => assert.ok((await server.client().checkCart(ID)).isPaid),
    );
  });

  it('read their own environment, which is not the process’s', async () => {
    const { appKey, secretKey, url } = await simulate();
    const source = `
      const { parentPort } = require('node:worker_threads');
      const { Client } = require('netgiro');
      process.env.NETGIRO_BASE_URL = '${url}';
      const client = Client.fromEnv();
      process.env.NETGIRO_API = 'v2';
      const ofV2 = Client.fromEnv().baseUrl;
      delete process.env.NETGIRO_APP_KEY;
      let refused;
      try { Client.fromEnv(); } catch ({ code, message }) { refused = [code, message]; }
      client.checkCart('${ID}').then(({ status }) => parentPort.postMessage([client.baseUrl, status, refused, ofV2]));
    `;
    const worker = new Worker(source, { eval: true, env: { NETGIRO_APP_KEY: appKey, NETGIRO_SECRET_KEY: secretKey } });
    const [baseUrl, status, [code, message], ofV2] = await new Promise((resolve) => worker.once('message', resolve));
    assert.deepEqual([baseUrl, status, code, ofV2], [url, 'canceled', 'configuration', url.replace('/v1/', '/v2/')]);
    assert.match(message, /^NETGIRO_APP_KEY is not set: fromEnv reads/);
    assert.equal(process.env.NETGIRO_BASE_URL, undefined);
  });

  it('end by themselves with an idle client', async () => {
    const simulator = await simulate();
    const source = `
      const { workerData } = require('node:worker_threads');
      const { Client } = require('netgiro');
      globalThis.kept = new Client(workerData);
      kept.checkCart('${ID}');
    `;
    const { appKey, secretKey, url: baseUrl } = simulator;
    const worker = startWorker({ appKey, secretKey, baseUrl }, source);
    assert.equal(await new Promise((resolve) => worker.on('exit', resolve)), 0);
    assert.equal(simulator.requests().length, 1);
  });

  it('may use a simulator, and leave it open', async () => {
    const source = `
      const { parentPort } = require('node:worker_threads');
      const { Simulator } = require('netgiro');
      Simulator.start().then(async (simulator) => {
        globalThis.kept = simulator;
        await simulator.client().checkCart('${ID}');
        parentPort.postMessage(simulator.url);
      });
    `;
    const worker = startWorker({}, source);
    // The last message may come in the same moment as the end.
    const ended = once(worker, 'exit');
    const [url] = await once(worker, 'message');
    await ended;
    const { port } = new URL(url);
    await until(async () => {
      const server = createServer();
      return await new Promise((resolve) => {
        server.once('error', () => resolve(false));
        server.listen(Number(port), '127.0.0.1', () => server.close(() => resolve(true)));
      });
    }, 'the simulator of a worker that ended frees its port');
  });
});

describe('many calls', () => {
  it('a thousand aborted calls leave nothing behind', async () => {
    const simulator = await simulate();
    const client = simulator.client();
    simulator.addFault('CheckCart', { delayMs: 60_000, count: 1000 });
    const outcomes = await Promise.all(
      Array.from({ length: 1000 }, async (_, n) => {
        const controller = new AbortController();
        const call = client.checkCart(ID, { signal: controller.signal });
        setTimeout(() => controller.abort(), n % 10);
        return await call.catch((error) => error.name);
      }),
    );
    assert.deepEqual(new Set(outcomes), new Set(['AbortError']));
    simulator.clearFaults();
    assert.equal((await client.checkCart(ID)).status, 'canceled');
  });

  it('sixty-four at a time are all answered', () =>
    withServer(
      () => checkAnswer(10425),
      async (server) => {
        const client = server.client();
        const worker = async () => {
          for (let n = 0; n < 20; n += 1) assert.equal((await client.checkCart(ID)).status, 'pending');
        };
        await Promise.all(Array.from({ length: 64 }, worker));
        assert.equal(server.requests.length, 64 * 20);
        assert.equal(new Set(server.requests.map(({ headers }) => headers.netgiro_nonce)).size, 64 * 20);
      },
    ));

  it('a thousand aborted calls leave no socket, no listener, no handle and no memory of themselves', { skip: !onLinux }, () =>
    withServer(
      () => 'hang',
      async (server) => {
        const { stdout } = await script(
          `${COUNT}
          import { getEventListeners } from 'node:events';
          const { Client } = await import('netgiro');
          const client = Client.fromEnv();
          const shared = new AbortController();
          const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
          const round = async (calls, signalOf) => {
            const signals = [];
            const pending = Array.from({ length: calls }, (_, n) => {
              const controller = signalOf(n);
              signals.push(controller.signal);
              const call = client.checkCart('${ID}', { signal: controller.signal }).catch(({ name }) => name);
              if (controller !== shared) setTimeout(() => controller.abort(), n % 20);
              return call;
            });
            if (signals[0] === shared.signal) {
              await pause(20);
              shared.abort();
            }
            const names = new Set(await Promise.all(pending));
            return [[...names], signals.reduce((sum, signal) => sum + getEventListeners(signal, 'abort').length, 0)];
          };
          // The first call starts the background thread, with its descriptors.
          await round(1, () => new AbortController());
          await pause(50);
          const before = [threads(), sockets(), all()];
          const told = [];
          for (let n = 0; n < 9; n += 1) told.push(await round(100, () => new AbortController()));
          told.push(await round(100, () => shared));
          const deadline = Date.now() + 60_000;
          while (sockets() > before[1] && Date.now() < deadline) await pause(10);
          const handles = process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|Timeout|Immediate/.test(name));
          console.log(JSON.stringify([told, before, [threads(), sockets(), all()], handles]));
        `,
          { NETGIRO_BASE_URL: server.baseUrl },
        );
        const [told, before, after, handles] = JSON.parse(stdout);
        for (const outcome of told) assert.deepEqual(outcome, [['AbortError'], 0]);
        assert.deepEqual(after, before);
        assert.deepEqual(handles, []);
      },
    ));

  it('threads do not pile up', { skip: !onLinux }, () => {
    assert.ok(readdirSync('/proc/self/task').length < 40);
  });
});
