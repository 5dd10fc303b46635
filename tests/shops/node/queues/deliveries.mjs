// BullMQ's jobs with workers that die, or stand still, between any two steps. The processor is the product's, Netgíró is
// the simulator, and the queue keeps jobs as BullMQ does.

import assert from 'node:assert/strict';
import { CartPoll, NetgiroError, Simulator } from 'netgiro';
import { addCartPoll } from 'netgiro/bullmq';
import { CUSTOMER, pause } from '../harness.mjs';

// In milliseconds what a shop has in seconds.
const POLICY = { minIntervalMs: 2, defaultIntervalMs: 4, maxIntervalMs: 20 };
// `Date.now` has whole milliseconds.
const TOLERANCE_MS = 1;
const ENDS_UNPAID = ['canceled', 'declined', 'not_found'];

const MISSING_LOCK = 'Missing lock';
const FUNCTION_FAILS = 'the shop’s function fails';

function isExpected(error) {
  return error instanceof NetgiroError || error.name === 'DelayedError' || [MISSING_LOCK, FUNCTION_FAILS].includes(error.message);
}

/** A job at a worker. A `fate` is what becomes of the worker before its n-th step. */
class Delivery {
  steps = 0;
  checks = 0;
  isKilled = false;
  isOver = false;

  constructor(job) {
    this.job = job;
  }

  /** Lets it go on until it ends, is killed or stands still. */
  async goOn(fate, begin) {
    this.fate = fate;
    this.steps = 0;
    const stopped = new Promise((resolve) => {
      this.stop = resolve;
    });
    if (begin === undefined) this.release();
    else {
      begin().then(
        () => {
          this.isOver = true;
          this.stop();
        },
        (error) => {
          [this.isOver, this.error] = [true, error];
          this.stop();
        },
      );
    }
    await stopped;
  }

  /** Says that the next step comes. A worker that is killed never takes it. */
  async step() {
    this.steps += 1;
    if (this.fate === undefined || this.steps <= this.fate.step) return;
    const { what } = this.fate;
    this.fate = undefined;
    this.isKilled = what === 'is killed';
    const released = new Promise((resolve) => {
      this.release = resolve;
    });
    this.stop();
    await released;
    if (this.isKilled) await new Promise(() => {});
  }
}

/** The queue of one shop. */
export class Deliveries {
  standing = [];
  told = [];
  functionFails = 0;
  jobs = new Map();

  static async open(api, makeProcessor) {
    const simulator = await Simulator.start({ checkIntervalMs: 2, pollIntervalMs: 2 });
    return new Deliveries(api, simulator, makeProcessor);
  }

  constructor(api, simulator, makeProcessor) {
    this.api = api;
    this.simulator = simulator;
    this.client = simulator.client({ api, timeoutMs: 2_000 });
    this.makeProcessor = makeProcessor;
  }

  async follow(timeoutMs) {
    const reference = `order-${this.jobs.size + 1}`;
    const cart = await this.client.insertCart({ amount: 4990, reference, customerId: CUSTOMER });
    const isHurried = timeoutMs < 1_000;
    const add = async (name, data, { jobId }) => this.jobs.set(jobId, { id: jobId, data, isHurried, holder: 0, isDone: false, excuses: 0 });
    await addCartPoll({ add }, cart, { timeoutMs, policy: POLICY });
  }

  /** Delivers a job; one that a worker has already goes to another, whose lock counts from then on, as when it has stalled. */
  async deliver(place, fate) {
    const open = [...this.jobs.values()].filter(({ isDone }) => !isDone);
    if (open.length === 0) return;
    const job = open[place % open.length];
    const delivery = new Delivery(job);
    if (this.standing.some((other) => other.job === job)) job.excuses += 1;
    job.holder += 1;
    this.standing.push(delivery);
    await this.goOn(delivery, fate, this.work(delivery, job.holder));
  }

  async resume(place, fate) {
    if (this.standing.length === 0) await this.deliver(place, fate);
    else await this.goOn(this.standing[place % this.standing.length], fate);
  }

  async goOn(delivery, fate, begin) {
    await delivery.goOn(fate, begin);
    const { job, error, isOver, isKilled } = delivery;
    if (!isOver && !isKilled) return;
    this.standing = this.standing.filter((other) => other !== delivery);
    if (error && !isExpected(error)) throw error;
    if (isKilled || (error && error.name !== 'DelayedError')) job.excuses += 1;
    assert.ok(delivery.checks <= 1, 'one check a delivery');
  }

  /** What a worker does with a job. */
  work(delivery, token) {
    const { job } = delivery;
    const step = () => delivery.step();
    const holds = () => {
      if (job.holder !== token) throw new Error(MISSING_LOCK);
    };
    const taken = {
      id: job.id,
      data: structuredClone(job.data),
      async updateData(data) {
        await step();
        taken.data = job.data = structuredClone(data);
        await step();
      },
      async moveToDelayed(timestamp, given) {
        await step();
        assert.equal(given, token, 'a job is moved by the worker that has it');
        assert.ok(timestamp >= CartPoll.fromJson(taken.data.poll).nextCheckAt - TOLERANCE_MS, 'no job is moved to come early');
        holds();
        await step();
      },
    };
    const asking = {
      verifyCallback() {},
      pollStep: async (poll) => {
        await step();
        delivery.checks += 1;
        const next = await this.client.pollStep(poll);
        await step();
        return next;
      },
      settleCart: async (poll, options) => {
        await step();
        const state = await this.client.settleCart(poll, options);
        await step();
        return state;
      },
    };
    const onSettled = async (state) => {
      await step();
      if (this.functionFails > 0) {
        this.functionFails -= 1;
        throw new Error(FUNCTION_FAILS);
      }
      this.told.push([job.id, state.status]);
      await step();
    };
    const process = this.makeProcessor({ client: asking, onSettled });
    return async () => {
      await process(taken, token);
      await step();
      holds();
      job.isDone = true;
    };
  }

  decide(place, decision) {
    const carts = this.simulator.carts();
    try {
      this.simulator[decision](carts[place % carts.length]);
    } catch (error) {
      assert.equal(error.code, 'invalid_request'); // it has ended
    }
  }

  fail(isCancel, fault) {
    const names = this.api === 'v1' ? ['CheckCart', 'CancelCart'] : ['Status', 'Cancel'];
    this.simulator.addFault(names[Number(isCancel)], fault);
  }

  failAsFunction() {
    this.functionFails += 1;
  }

  async wait() {
    await pause(5);
  }

  /** What must hold after each event. */
  check() {
    for (const [id, status] of this.told) {
      const cart = this.simulator.cart(id);
      if (status === 'confirmed') assert.ok(cart.isPaid, 'told paid only what Netgíró holds paid');
      else assert.ok(ENDS_UNPAID.includes(cart.status), `told ${status} only what cannot be paid: ${cart.status}`);
    }
    for (const { id, isDone, excuses } of this.jobs.values()) {
      const count = this.told.filter(([told]) => told === id).length;
      assert.ok(!isDone || count > 0, 'a job is done when the shop was told');
      assert.ok(count - 1 <= excuses, 'the shop is told once');
    }
  }

  /** Lets everything end that is open, without further faults. */
  async end() {
    this.simulator.clearFaults();
    this.functionFails = 0;
    while (this.standing.length > 0) await this.resume(0);
    // The customers decide who have a minute, which is too long to wait for here; the others’ carts end without.
    for (const [place, { isHurried }] of [...this.jobs.values()].entries()) if (!isHurried) this.decide(place, 'confirm');
    for (let round = 0; round < 1_000 && [...this.jobs.values()].some(({ isDone }) => !isDone); round += 1) {
      await pause(2);
      await this.deliver(0);
      this.check();
    }
    assert.ok([...this.jobs.values()].every(({ isDone }) => isDone), 'every cart ends');
    for (const cart of this.simulator.carts()) assert.ok(cart.isPaid || ENDS_UNPAID.includes(cart.status), 'every cart ends');
  }

  async close() {
    for (const delivery of this.standing) delivery.isKilled = true;
    this.client.close();
    await this.simulator.close();
  }
}
