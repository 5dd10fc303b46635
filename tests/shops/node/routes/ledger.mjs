import { Redis } from 'ioredis';

// A holder that died is void after ten minutes; who is done is remembered for a month.
const CLAIM = `
  local holder = redis.call('GET', KEYS[1])
  if holder and holder ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', 600000)
  return 1
`;
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/**
 * Where the processes of a shop agree which of them calls its function for a cart.
 * @returns {import('netgiro/express').CallbackLedger}
 */
export function redisLedger(redis = new Redis(), prefix = 'netgiro:cart:') {
  return {
    claim: async (transactionId, holder) => (await redis.eval(CLAIM, 1, prefix + transactionId, holder)) === 1,
    release: (transactionId, holder) => redis.eval(RELEASE, 1, prefix + transactionId, holder),
    done: (transactionId) => redis.set(prefix + transactionId, 'done', 'EX', 2_592_000),
  };
}
