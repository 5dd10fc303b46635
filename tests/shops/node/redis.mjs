// What the tests with a queue share: Redis where there is one, a queue of one's own in it, and its worker processes.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { whenOver } from './harness.mjs';

const url = process.env.NETGIRO_TEST_REDIS;

/** Why the tests are skipped, where they are. */
export const skip = url ? false : 'no Redis: NETGIRO_TEST_REDIS is not set (tools/services.py starts one)';

/** Lua, since a worker may be killed between any two commands: an order is settled and its effect is noted, or neither. */
const SETTLE = `
  local first = redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1
  if first then redis.call('RPUSH', KEYS[2], ARGV[1]) end
  if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then redis.call('RPUSH', KEYS[3], ARGV[1] .. ' ' .. ARGV[2]) end
  return first
`;

/** The shop's store: which orders are settled, and how. */
export class Store {
  constructor(prefix) {
    this.prefix = prefix;
    this.redis = new Redis(url, { maxRetriesPerRequest: null });
    this.redis.defineCommand('settleOrder', { numberOfKeys: 3, lua: SETTLE });
  }

  key(name) {
    return `${this.prefix}:shop:${name}`;
  }

  /** Settles an order once; gives whether this was the first time. */
  async settle(reference, status) {
    const keys = ['settled', 'effects', 'contradictions'].map((name) => this.key(name));
    return Boolean(await this.redis.settleOrder(...keys, reference, status));
  }

  settled() {
    return this.redis.hgetall(this.key('settled'));
  }

  effects() {
    return this.redis.lrange(this.key('effects'), 0, -1);
  }

  contradictions() {
    return this.redis.lrange(this.key('contradictions'), 0, -1);
  }
}

/** A queue and a store under a prefix of their own, which is gone when a test is over. */
export function makeQueue(t) {
  const prefix = `netgiro-test-${randomUUID()}`;
  const store = new Store(prefix);
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue('carts', { connection, prefix });
  whenOver(t, async () => {
    await queue.close();
    const keys = await store.redis.keys(`${prefix}:*`);
    if (keys.length > 0) await store.redis.del(...keys);
    connection.disconnect();
    store.redis.disconnect();
  });
  return { prefix, queue, store, connection };
}

/** A worker process for a queue; resolves when it works. */
export async function startWorker(t, { prefix }, env) {
  const program = fileURLToPath(new URL('queues/programs/worker.mjs', import.meta.url));
  const worker = spawn(process.execPath, [program], {
    env: { ...process.env, ...env, PREFIX: prefix },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  whenOver(t, async () => {
    if (worker.exitCode === null && worker.signalCode === null) {
      worker.kill('SIGKILL');
      await once(worker, 'exit');
    }
  });
  await once(worker.stdout, 'data');
  return worker;
}
