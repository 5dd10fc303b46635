// Callbacks beyond the shared vectors: replay guards, keys being replaced, and why one is refused.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Client, ConfigurationError, InvalidRequestError, MemoryReplayGuard, ProtocolError, SignatureError } from 'netgiro';
import { APP_KEY, expectedSignature, failure, ID, SECRET } from '../harness.mjs';

const url = 'https://shop.is/netgiro/callback?order=17';
const client = new Client({ appKey: APP_KEY, secretKey: SECRET });
const body = JSON.stringify({
  PaymentSuccessful: true,
  PaymentInfo: { TransactionId: ID, ReferenceNumber: 'order-17', TotalAmount: 4990, StatusId: 2 },
  Success: true,
  Message: null,
  ResultCode: 10200,
});

/** A callback as Netgíró would send it. */
function sent({ nonce = '638412345678901234', secret = SECRET, text = body, ...rest } = {}) {
  const headers = { Netgiro_Nonce: nonce, Netgiro_Signature: expectedSignature(nonce, url, text, secret).toUpperCase() };
  return { url, headers, body: text, ...rest };
}

/** A guard that keeps what it was asked. */
function asking(answer) {
  const asked = [];
  return { asked, isFirst: (...question) => (asked.push(question), answer()) };
}

describe('a replay guard', () => {
  it('lets a callback through once', () => {
    const replayGuard = new MemoryReplayGuard();
    assert.equal(client.verifyCallback(sent({ replayGuard })).transactionId, ID);
    assert.throws(() => client.verifyCallback(sent({ replayGuard })), (error) => {
      assert.ok(error instanceof SignatureError);
      assert.match(error.message, /replay/);
      return true;
    });
    assert.ok(client.verifyCallback(sent({ replayGuard, nonce: '2' })).state.isPaid);
    assert.ok(client.verifyCallback(sent()).state.isPaid, 'without a guard it is accepted as before');
  });

  it('gets the nonce, and the signature in lowercase', () => {
    const replayGuard = asking(() => true);
    client.verifyCallback(sent({ replayGuard }));
    const nonce = '638412345678901234';
    assert.deepEqual(replayGuard.asked, [[nonce, expectedSignature(nonce, url, body)]]);
  });

  it('is not asked about what is refused anyhow', async () => {
    const replayGuard = asking(() => true);
    assert.throws(() => client.verifyCallback(sent({ replayGuard, secret: 'forged' })), SignatureError);
    assert.throws(() => client.verifyCallback(sent({ replayGuard, text: '{}' })), ProtocolError);
    assert.ok((await failure(() => client.verifyCallbackOnce(sent({ replayGuard, secret: 'forged' })))) instanceof SignatureError);
    assert.deepEqual(replayGuard.asked, []);
  });

  it('may be one of an own class, and keeps its this', () => {
    class Guard {
      seen = new Set();
      isFirst(nonce, signature) {
        return !this.seen.has(signature) && Boolean(this.seen.add(signature));
      }
    }
    const replayGuard = new Guard();
    client.verifyCallback(sent({ replayGuard }));
    assert.throws(() => client.verifyCallback(sent({ replayGuard })), /replay/);
  });

  it('that throws is heard: the handler must not answer 200', async () => {
    const broken = new Error('the database is away');
    const replayGuard = asking(() => {
      throw broken;
    });
    assert.equal(await failure(() => client.verifyCallback(sent({ replayGuard }))), broken);
    assert.equal(await failure(() => client.verifyCallbackOnce(sent({ replayGuard }))), broken);
    const rejecting = asking(() => Promise.reject(broken));
    assert.equal(await failure(() => client.verifyCallbackOnce(sent({ replayGuard: rejecting }))), broken);
  });

  it('lets nothing in by saying something else than true or false', async () => {
    for (const answer of [undefined, null, 1, 'OK', {}, Promise.resolve(true), Promise.reject(new Error('no'))]) {
      const replayGuard = asking(() => answer);
      const error = await failure(() => client.verifyCallback(sent({ replayGuard })));
      assert.ok(error instanceof InvalidRequestError, inspect(answer));
      assert.match(error.message, answer instanceof Promise ? /verifyCallbackOnce/ : /true or false/);
    }
    const replayGuard = asking(async () => 'OK');
    assert.ok((await failure(() => client.verifyCallbackOnce(sent({ replayGuard })))) instanceof InvalidRequestError);
  });

  it('that is none is refused by name', async () => {
    for (const replayGuard of [{}, 'guard', 5, { isFirst: true }, () => true]) {
      assert.match((await failure(() => client.verifyCallback(sent({ replayGuard })))).message, /replayGuard must be/);
    }
    const error = await failure(() => client.verifyCallbackOnce(sent()));
    assert.match(error.message, /verifyCallbackOnce: replayGuard is required/);
  });
});

describe('a guard that has to wait', () => {
  it('lets one of many copies through, where its check and its recording are one step', async () => {
    const seen = new Set();
    const replayGuard = {
      isFirst: async (nonce, signature) => {
        const first = !seen.has(signature);
        seen.add(signature);
        await new Promise(setImmediate);
        return first;
      },
    };
    const copies = Array.from({ length: 10 }, () => client.verifyCallbackOnce(sent({ replayGuard })));
    const outcomes = await Promise.allSettled(copies);
    const [accepted, ...more] = outcomes.filter(({ status }) => status === 'fulfilled');
    assert.deepEqual(more, []);
    assert.ok(accepted.value.matches(4990, 'order-17'));
    for (const { reason } of outcomes.filter(({ status }) => status === 'rejected')) {
      assert.ok(reason instanceof SignatureError);
      assert.match(reason.message, /replay/);
    }
  });

  it('may be one that need not', async () => {
    const replayGuard = new MemoryReplayGuard();
    assert.equal((await client.verifyCallbackOnce(sent({ replayGuard }))).transactionId, ID);
    assert.match((await failure(() => client.verifyCallbackOnce(sent({ replayGuard })))).message, /replay/);
  });
});

describe('MemoryReplayGuard', () => {
  it('forgets the oldest first', () => {
    const guard = new MemoryReplayGuard({ capacity: 2 });
    assert.deepEqual(['a', 'b', 'a', 'c', 'b', 'a'].map((signature) => guard.isFirst('1', signature)), [true, true, false, true, false, true]);
  });

  it('refuses a capacity that is none', async () => {
    for (const capacity of [-1, 0.5, NaN, Infinity, '5']) {
      assert.ok((await failure(() => new MemoryReplayGuard({ capacity }))) instanceof InvalidRequestError, `${capacity}`);
    }
  });
});

describe('keys being replaced', () => {
  const rotating = new Client({ appKey: APP_KEY, secretKey: SECRET, previousSecretKeys: ['older', 'oldest'] });

  it('accept callbacks signed with the new and with the old ones', () => {
    for (const secret of [SECRET, 'older', 'oldest']) assert.ok(rotating.verifyCallback(sent({ secret })).state.isPaid);
  });

  it('accept no others', () => {
    assert.throws(() => rotating.verifyCallback(sent({ secret: 'other' })), SignatureError);
    assert.throws(() => client.verifyCallback(sent({ secret: 'older' })), SignatureError);
  });

  it('are checked as the key itself is', () => {
    for (const previousSecretKeys of ['older', [1], [null], ['white space'], ['']]) {
      assert.throws(() => new Client({ appKey: APP_KEY, secretKey: SECRET, previousSecretKeys }), (error) => {
        assert.ok(error instanceof ConfigurationError, error.stack);
        assert.match(error.message, /previousSecretKeys/);
        return true;
      });
    }
  });
});

describe('why a callback is refused', () => {
  const cases = {
    'white space': { body: body.replace('{', '{ ') },
    'http instead of https': { url: url.replace('https', 'http') },
    'another secret': { headers: sent({ secret: 'other' }).headers },
    'no signature': { headers: { netgiro_nonce: '1' } },
  };
  for (const [name, change] of Object.entries(cases)) {
    it(name, async () => {
      const error = await failure(() => client.verifyCallback({ ...sent(), ...change }));
      assert.ok(error instanceof SignatureError);
      assert.match(error.message, /^the callback was refused: /);
      // Whoever forges one must not be told what would have been right.
      const { url: its, body: text } = { ...sent(), ...change };
      for (const right of [expectedSignature('638412345678901234', its, text), expectedSignature('638412345678901234', url, body)]) {
        assert.ok(!inspect(error, { depth: Infinity }).includes(right));
      }
    });
  }
});

describe('a header with a NUL', () => {
  const { Netgiro_Nonce: nonce, Netgiro_Signature: signature } = sent().headers;

  it('is one header, and no more', async () => {
    const hidden = { headers: { other: `a\0netgiro_nonce\0${nonce}`, netgiro_signature: signature } };
    assert.match((await failure(() => client.verifyCallback({ ...sent(), ...hidden }))).message, /netgiro_nonce header is missing/);
    const asBytes = { headers: [['netgiro_nonce', Buffer.from(`${nonce}\0x`)], ['netgiro_signature', signature]] };
    assert.match((await failure(() => client.verifyCallback({ ...sent(), ...asBytes }))).message, /netgiro_nonce header holds something else/);
  });

  it('changes nothing for the others', () => {
    const headers = { other: 'a\0b', '\0': '\0', ...sent().headers };
    assert.equal(client.verifyCallback({ ...sent(), headers }).transactionId, ID);
  });
});

describe('a proxy', () => {
  const made = (proxy, more) => new Client({ appKey: APP_KEY, secretKey: SECRET, proxy, ...more });

  it('is refused where it cannot be used, without its password', async () => {
    for (const proxy of ['nonsense', 'socks5://user:hunter2@10.0.0.1', 'ftp://user:hunter2@10.0.0.1:21']) {
      const error = await failure(() => made(proxy));
      assert.ok(error instanceof ConfigurationError, proxy);
      assert.doesNotMatch(inspect(error, { depth: Infinity }), /hunter2/);
    }
    assert.ok((await failure(() => made(5))) instanceof ConfigurationError);
  });

  it('of the environment is refused by name where it cannot be read, and not passed by', async () => {
    const names = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'NO_PROXY', 'no_proxy'];
    const kept = Object.fromEntries(names.map((name) => [name, process.env[name]]));
    try {
      for (const name of names.slice(0, 4)) {
        for (const value of ['http://user:hunter2@10.0.0.1:3128 ', '"http://user:hunter2@10.0.0.1"', 'http://10.0.0.1\r']) {
          for (const other of names) delete process.env[other];
          process.env[name] = value;
          const error = await failure(() => made());
          assert.ok(error instanceof ConfigurationError, value);
          assert.match(error.message, new RegExp(`the variable ${name} must`));
          assert.doesNotMatch(inspect(error, { depth: Infinity }), /hunter2/);
          made(undefined, { baseUrl: 'http://127.0.0.1:9/v1/' });
          made('http://10.0.0.1:3128');
          process.env.NO_PROXY = 'api.test.netgiro.is';
          made();
        }
      }
    } finally {
      for (const name of names) {
        if (kept[name] === undefined) delete process.env[name];
        else process.env[name] = kept[name];
      }
    }
  });

  it('is used where it can be: nobody listens there', async () => {
    const error = await failure(() => made('http://user:hunter2@127.0.0.1:9').checkCart(ID));
    assert.equal(error.code, 'connect');
    assert.doesNotMatch(inspect(error, { depth: Infinity }), /hunter2/);
  });
});
