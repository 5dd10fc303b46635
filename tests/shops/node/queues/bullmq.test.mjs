// One cart at a time through BullMQ on a real Redis.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Worker } from 'bullmq';
import { CartPoll, ConfigurationError, InvalidRequestError } from 'netgiro';
import { addCartPoll, cartPollProcessor, cartPollWorkerOptions } from 'netgiro/bullmq';
import { simulatorFor, useSimulator } from 'netgiro/testing';
import { CUSTOMER, pause, until, whenOver } from '../harness.mjs';
import { makeQueue, skip, startWorker } from '../redis.mjs';

const POLICY = { minIntervalMs: 20, defaultIntervalMs: 50, maxIntervalMs: 100 };
for (const api of ['v1', 'v2']) {
  describe(`a cart of ${api} in a queue`, { skip, concurrency: 4 }, () => {
    const simulated = { checkIntervalMs: 50, pollIntervalMs: 50, client: { api, timeoutMs: 1_000 } };
    // What V2 does not have: result codes, and a customer who is faster than a cancel.
    const ofV1 = api === 'v1' ? it : () => {};
    const isCancel = ({ endpoint }) => endpoint === 'CancelCart' || endpoint === 'Cancel';
    const shared = useSimulator({ before, after }, simulated);

    /** A queue with a worker in this process; `settled` is what the shop was told. */
    function open(t, { simulator, client } = shared, { onSettled = () => {}, autorun = true } = {}) {
      const opened = makeQueue(t);
      const settled = [];
      const processor = cartPollProcessor({
        client,
        onSettled: async (state, job) => {
          settled.push([job.data.reference, state.status]);
          await onSettled(state, job);
        },
      });
      const { connection, prefix, queue } = opened;
      const own = connection.duplicate();
      const worker = new Worker('carts', processor, { ...cartPollWorkerOptions, connection: own, prefix, autorun });
      const problems = [];
      worker.on('failed', (job, error) => problems.push(error));
      whenOver(t, async () => {
        await worker.close();
        own.disconnect();
      });
      let orders = 0;
      const checkout = async (options) => {
        orders += 1;
        return await client.insertCart({ amount: 4990, reference: `${prefix}-${orders}`, customerId: CUSTOMER, ...options });
      };
      const add = (cart, timeoutMs = 60_000, more = {}) => addCartPoll(queue, cart, { timeoutMs, policy: POLICY, ...more });
      const job = (cart) => queue.getJob(cart.transactionId);
      const asked = (cart) => simulator.requests().filter(({ transactionId }) => transactionId === cart.transactionId);
      return { ...opened, worker, settled, problems, checkout, add, job, asked };
    }

    ofV1('whose poll contradicts itself is not tried again', async (t) => {
      const { queue, checkout, settled, problems, asked } = open(t);
      const cart = await checkout();
      const poll = new CartPoll(cart).answered('confirmed').toJSON();
      poll.state.result_code = 10425;
      await queue.add('netgiro-cart', { reference: cart.reference, poll }, { attempts: 20, jobId: cart.transactionId });
      await until(async () => (await queue.getFailedCount()) === 1, 'the job has failed');
      assert.ok(problems.every((problem) => problem instanceof InvalidRequestError));
      assert.deepEqual([settled, asked(cart).length], [[], 0]);
    });

    ofV1('that is not there yet is not canceled', async (t) => {
      const own = await simulatorFor(t, simulated);
      const { settled, checkout, add } = open(t, own);
      const cart = await checkout();
      const { simulator } = own;
      simulator.addFault('CheckCart', { resultCode: 10201 });
      simulator.confirm(cart);
      await add(cart);
      await until(() => settled.length === 1, 'it has ended');
      assert.deepEqual(settled, [[cart.reference, 'confirmed']]);
    });

    it('is added once, under its id, without a secret or a number', async (t) => {
      const { queue, checkout, add, job } = open(t, shared, { autorun: false });
      const cart = await checkout();
      const [first, again] = [await add(cart), await add(cart, 1)];
      assert.deepEqual([first.id, again.id], [cart.transactionId, cart.transactionId]);
      assert.equal((await queue.getJobs()).length, 1);
      const kept = JSON.stringify((await job(cart)).asJSON());
      assert.ok(!kept.includes(CUSTOMER) && !kept.includes(shared.simulator.secretKey));
      assert.equal((await job(cart)).data.poll.schedule.deadline - (await job(cart)).data.poll.schedule.started_at, 60_000);
    });

    it('is followed to its end, and the shop is told once', async (t) => {
      const { settled, checkout, add, job, asked } = open(t);
      const cart = await checkout();
      await add(cart);
      await until(() => asked(cart).length >= 3, 'it is asked about');
      assert.deepEqual(settled, []);
      shared.simulator.confirm(cart);
      await until(async () => (await job(cart)).finishedOn, 'the job is completed');
      assert.deepEqual(settled, [[cart.reference, 'confirmed']]);
      const { returnvalue } = await job(cart);
      assert.deepEqual([returnvalue.isPaid, returnvalue.payment?.referenceNumber], [true, api === 'v1' ? cart.reference : undefined]);
      // It is known for a while: adding it again asks nobody.
      const count = asked(cart).length;
      await add(cart);
      await pause(200);
      assert.deepEqual([asked(cart).length, settled.length], [count, 1]);
    });

    it('of V2 is followed to its end as well, and at its deadline canceled only where it is not paid', async (t) => {
      const { simulator } = shared;
      const client = simulator.client({ api: 'v2' });
      t.after(() => client.close());
      const { settled, checkout, add, job, asked } = open(t, { simulator, client });
      const [paid, late] = [await checkout(), await checkout()];
      await add(paid);
      await until(() => asked(paid).some(({ endpoint }) => endpoint === 'Status'), 'it is asked about');
      simulator.confirm(paid);
      await until(async () => (await job(paid)).finishedOn, 'the job is completed');
      const { isPaid, api: said, payment } = (await job(paid)).returnvalue;
      assert.deepEqual([isPaid, said, payment], [true, 'v2', null]);
      await add(late, 100);
      await until(async () => (await job(late)).finishedOn, 'the job is completed');
      assert.deepEqual(settled, [[paid.reference, 'confirmed'], [late.reference, 'canceled']]);
      assert.equal(simulator.cart(late).status, 'canceled');
      assert.ok(asked(paid).every(({ endpoint }) => ['Payment', 'Status'].includes(endpoint)));
    });

    it('is declined', async (t) => {
      const { settled, checkout, add } = open(t);
      const cart = await checkout();
      await add(cart);
      shared.simulator.decline(cart);
      await until(() => settled.length > 0, 'the shop is told');
      assert.equal(shared.simulator.cart(cart).status, 'declined');
      assert.deepEqual(settled, [[cart.reference, api === 'v1' ? 'declined' : 'canceled']]);
    });

    it('is canceled at its deadline', async (t) => {
      const { settled, checkout, add, asked } = open(t);
      const cart = await checkout();
      await add(cart, 200);
      await until(() => settled.length > 0, 'the shop is told');
      assert.deepEqual(settled, [[cart.reference, 'canceled']]);
      assert.equal(asked(cart).filter(isCancel).length, 1);
    });

    ofV1('is paid where the customer accepts during the cancel', async (t) => {
      const own = await simulatorFor(t, simulated);
      const { settled, checkout, add } = open(t, own);
      const cart = await checkout();
      own.simulator.addFault('CancelCart', { confirmDuring: true });
      await add(cart, 200);
      await until(() => settled.length > 0, 'the shop is told');
      assert.deepEqual(settled, [[cart.reference, 'confirmed']]);
      assert.ok(own.simulator.cart(cart).isPaid);
    });

    it('sends nothing when a step comes early', async (t) => {
      const { worker, checkout, add, job, asked } = open(t, shared, { autorun: false });
      const cart = await checkout();
      await add(cart, 180_000, { policy: { minIntervalMs: 30_000 } });
      worker.run();
      const isDelayed = async () => (await job(cart)).isDelayed();
      await until(async () => asked(cart).length === 1 && (await isDelayed()), 'the first step is taken');
      for (let early = 2; early < 5; early += 1) {
        await (await job(cart)).promote();
        await until(async () => (await job(cart)).attemptsStarted === early && (await isDelayed()), 'it is put off again');
      }
      assert.equal(asked(cart).length, 1);
      const { delay, data } = await job(cart);
      assert.ok(delay > 20_000 && delay <= 33_000, `${delay}`);
      assert.ok(data.poll.schedule.next_check_at > Date.now() + 20_000);
    });

    for (const [name, ms] of [['ahead', 600_000], ['behind', -600_000]]) {
      it(`is asked about in time, and not canceled, where its machine’s clock is ten minutes ${name}`, async (t) => {
        const { queue, worker, settled, checkout, add, job, asked } = open(t, shared, { autorun: false });
        const cart = await checkout();
        await add(cart, 60_000);
        const made = new CartPoll(cart, { timeoutMs: 60_000, policy: POLICY, now: Date.now() + ms });
        await (await job(cart)).updateData({ reference: cart.reference, poll: made.toJSON() });
        worker.run();
        await until(() => asked(cart).length >= 2, 'it is asked about');
        assert.deepEqual(settled, []);
        // The same of a token that has been stepped already.
        const steps = asked(cart).length;
        await queue.pause();
        const token = (await job(cart)).data.poll;
        for (const member of ['started_at', 'deadline', 'next_check_at', 'latest']) token.schedule[member] += ms;
        await (await job(cart)).updateData({ reference: cart.reference, poll: token });
        await queue.resume();
        await until(() => asked(cart).length >= steps + 2, 'it is asked about again');
        assert.deepEqual(settled, []);
        shared.simulator.confirm(cart);
        await until(() => settled.length > 0, 'the shop is told');
        assert.deepEqual(settled, [[cart.reference, 'confirmed']]);
        assert.ok(!asked(cart).some(isCancel));
      });
    }

    it('a job that holds no poll asks nothing, and waits for its next attempt', async (t) => {
      const { problems, checkout, add, job, worker, asked } = open(t, shared, { autorun: false });
      const cart = await checkout();
      await add(cart);
      await (await job(cart)).updateData({ reference: cart.reference, poll: { version: 1 } });
      worker.run();
      await until(async () => problems.length > 0 && (await (await job(cart)).isDelayed()), 'the job is put off');
      const { delay } = await job(cart);
      assert.equal(delay, 1_000 * 2 ** (problems.length - 1));
      assert.ok(problems.every(({ code }) => code === 'invalid_request'));
      assert.ok(asked(cart).every(({ endpoint }) => endpoint === (api === 'v1' ? 'InsertCart' : 'Payment')));
    });

    it('two at once on one step tell the same', async (t) => {
      const { checkout, add, job, asked } = open(t, shared, { autorun: false });
      const cart = await checkout();
      await add(cart);
      const kept = await job(cart);
      const told = [];
      const processor = cartPollProcessor({ client: shared.client, onSettled: (state) => told.push(state.status) });
      shared.simulator.confirm(cart);
      await Promise.all([processor(kept, 'one'), processor(kept, 'other')]);
      // At least once: what makes it once is the shop's database.
      assert.deepEqual(told, ['confirmed', 'confirmed']);
      assert.equal(asked(cart).length, 2);
    });

    it('the shop’s function raises: called again, without asking again', async (t) => {
      let calls = 0;
      const onSettled = () => {
        calls += 1;
        if (calls < 2) throw new Error('the database is down');
      };
      const { problems, settled, checkout, add, job, asked } = open(t, shared, { onSettled });
      const cart = await checkout();
      shared.simulator.confirm(cart);
      await add(cart);
      await until(async () => (await job(cart)).finishedOn, 'the job is completed');
      assert.deepEqual(settled, Array(2).fill([cart.reference, 'confirmed']));
      assert.deepEqual(problems.map(({ message }) => message), ['the database is down']);
      assert.equal(asked(cart).length, 1);
    });

    it('what could not be learnt is asked for again', async (t) => {
      const own = await simulatorFor(t, { ...simulated, client: { api, timeoutMs: 100 } });
      const { problems, settled, checkout, add } = open(t, own);
      const cart = await checkout();
      own.simulator.addFault('*', { count: 100_000, status: 500 });
      await add(cart, 100);
      await until(() => problems.length > 0, 'it is unresolved');
      assert.equal(problems[0].code, 'unresolved');
      assert.deepEqual(settled, []);
      own.simulator.confirm(cart);
      own.simulator.clearFaults();
      await until(() => settled.length > 0, 'the shop is told');
      assert.deepEqual(settled, [[cart.reference, 'confirmed']]);
    });

    it('a reserved cart is the shop’s move', async (t) => {
      const { settled, checkout, add } = open(t);
      const cart = await checkout({ confirmationType: 'manual' });
      shared.simulator.confirm(cart);
      await add(cart);
      await until(() => settled.length > 0, 'the shop is told');
      assert.deepEqual(settled, [[cart.reference, 'reserved']]);
    });

    it('a worker that is killed in a step, or stopped and woken, is stood in for', async (t) => {
      for (const signal of ['SIGKILL', 'SIGSTOP']) {
        const own = await simulatorFor(t, simulated);
        const { store, checkout, add, asked, ...queue } = open(t, own, { autorun: false });
        const first = await startWorker(t, queue, { ...own.env, NETGIRO_API: api });
        const cart = await checkout();
        own.simulator.addFault(api === 'v1' ? 'CheckCart' : 'Status', { delayMs: 800 });
        await add(cart);
        await until(() => asked(cart).length === 1, 'a step is in flight');
        first.kill(signal);
        await startWorker(t, queue, { ...own.env, NETGIRO_API: api });
        own.simulator.confirm(cart);
        await until(async () => (await store.effects()).length > 0, 'another worker has taken it on');
        first.kill('SIGCONT');
        await pause(signal === 'SIGSTOP' ? 1_000 : 0);
        assert.deepEqual(await store.settled(), { [cart.reference]: 'confirmed' });
        assert.deepEqual(await store.contradictions(), []);
      }
    });
  });
}

describe('a poll that contradicts itself', () => {
  it('fails for good, is kept, and neither Netgíró nor the shop is asked', async () => {
    const cart = { transactionId: '0f0e0d0c-0b0a-4908-8706-050403020100', amount: 4990, reference: 'order-1' };
    const poll = new CartPoll(cart).answered('confirmed').toJSON();
    poll.state.result_code = 10425;
    const called = [];
    const client = { pollStep: () => called.push('pollStep'), settleCart: () => called.push('settleCart'), verifyCallback() {} };
    const process = cartPollProcessor({ client, onSettled: () => called.push('onSettled') });
    const job = { data: { poll, reference: 'order-1' }, discard: () => called.push('discard') };
    await assert.rejects(process(job, 'token'), InvalidRequestError);
    assert.deepEqual(called, ['discard']);
  });
});

describe('arguments', () => {
  it('that cannot be meant are refused', async () => {
    const client = { pollStep() {}, verifyCallback() {}, settleCart() {} };
    const id = '0f0e0d0c-0b0a-4908-8706-050403020100';
    for (const options of [undefined, {}, { client }, { client: {}, onSettled() {} }, { client, onSettled() {}, more: 1 }]) {
      assert.throws(() => cartPollProcessor(options), ConfigurationError);
    }
    await assert.rejects(addCartPoll({}, id), ConfigurationError);
    await assert.rejects(addCartPoll({ add() {} }, 'no id'), InvalidRequestError);
    await assert.rejects(addCartPoll({ add() {} }, id, { timeout: 5 }), InvalidRequestError);
    await assert.rejects(addCartPoll({ add() {} }, id, { policy: { minIntervalMs: 0 } }), InvalidRequestError);
  });
});
