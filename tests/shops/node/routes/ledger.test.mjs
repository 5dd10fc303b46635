// Two processes' routes and one ledger: the ledger on Redis that docs/frameworks/express.md shows.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import express from 'express';
import { Redis } from 'ioredis';
import { netgiroCallback } from 'netgiro/express';
import { simulatorFor } from 'netgiro/testing';
import { callbackBody, isShown, listen, pause, send, Shop, signed, until, whenOver } from '../harness.mjs';
import { redisLedger } from './ledger.mjs';
import { skip } from '../redis.mjs';

describe('a ledger that processes share', { skip }, () => {
  /** Two routes, as if in two processes: all they share is the ledger and the shop's database. */
  async function open(t) {
    const { simulator } = await simulatorFor(t, { checkIntervalMs: 20 });
    const redis = new Redis(process.env.NETGIRO_TEST_REDIS);
    const prefix = `netgiro-test-${process.pid}:`;
    whenOver(t, async () => {
      const keys = await redis.keys(`${prefix}*`);
      if (keys.length > 0) await redis.del(...keys);
      redis.disconnect();
    });
    const shop = new Shop();
    const url = 'https://shop.example/netgiro/callback';
    const processes = [];
    for (let number = 0; number < 2; number += 1) {
      const { server, origin, close } = await listen();
      const route = netgiroCallback({ ...shop.options(simulator, url), ledger: redisLedger(redis, prefix) });
      server.on('request', express().use(route));
      processes.push({ origin, route });
      whenOver(t, async () => {
        await close();
        await route.close();
      });
    }
    const cart = await shop.checkout(simulator, null);
    simulator.confirm(cart);
    const body = callbackBody(cart);
    const post = ({ origin }) => send(origin, { body, headers: signed(simulator, url, body) });
    return { shop, cart, processes, post };
  }

  it('calls the shop’s function once, whichever is called back', async (t) => {
    const { shop, cart, processes, post } = await open(t);
    const warned = [];
    const note = ({ code }) => warned.push(code);
    process.on('warning', note);
    whenOver(t, () => process.off('warning', note));
    const answers = await Promise.all([...processes, ...processes, ...processes].map(post));
    assert.deepEqual(answers.map(({ status }) => status), Array(6).fill(200));
    await until(() => shop.settled.length > 0, 'the shop is told');
    assert.deepEqual((await Promise.all(processes.map(post))).map(({ status }) => status), [200, 200]);
    await until(() => warned.includes('NETGIRO_ALREADY_CALLED'), 'it is said why nothing is called');
    await pause(100);
    assert.deepEqual(shop.settled, [[cart.reference, 'confirmed']]);
  });

  it('a process that ends leaves the cart to the others', async (t) => {
    const { shop, cart, processes, post } = await open(t);
    const [first, second] = processes;
    shop.onSettled = () => {
      throw new Error('no stock');
    };
    await post(first);
    await until(() => shop.problems.length > 0, 'it is tried');
    shop.onSettled = () => {};
    await first.route.close();
    assert.equal(shop.settled.length, 1);
    await post(second);
    await until(() => shop.settled.length === 2, 'the other is told');
    assert.deepEqual(shop.settled.at(-1), [cart.reference, 'confirmed']);
  });

  it('is what the documentation shows', () => isShown('routes/ledger.mjs', 'docs/frameworks/express.md'));
});
