// Polls that go from one machine to another, whose clocks differ: the server's decides, or the poll's own count.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CartPoll, Simulator, WaitTimeoutError } from 'netgiro';
import { failure, ID, pause, QUICK, withServer } from '../harness.mjs';

const TEN_MINUTES = 600_000;
/** How exact the server's Date is taken to be, twice. */
const CLOCKS_ARE_ONE = 4_000;
const PENDING = JSON.stringify({ PaymentSuccessful: false, Success: true, ResultCode: 10425, Message: 'wait' });

/** The token as a machine would have made it whose clock is wrong by so much. */
function shifted(poll, by) {
  const token = poll.toJSON();
  for (const member of ['started_at', 'deadline', 'next_check_at', 'latest']) token.schedule[member] += by;
  return token;
}

async function eventually(condition) {
  for (const deadline = Date.now() + 30_000; !(await condition()); ) {
    assert.ok(Date.now() < deadline, 'it has not come to that');
    await pause(10);
  }
}

async function withShop(run) {
  const simulator = await Simulator.start();
  const client = simulator.client();
  try {
    await run(simulator, client, await client.insertCart({ amount: 4990, reference: 'order-1', customerId: '8223281' }));
  } finally {
    client.close();
    await simulator.close();
  }
}

for (const [name, by] of [
  ['ahead', TEN_MINUTES],
  ['behind', -TEN_MINUTES],
]) {
  describe(`a machine whose clock is ten minutes ${name}`, () => {
    it('makes tokens that are asked about at once, and are not over', () =>
      withShop(async (simulator, client, cart) => {
        const options = { timeoutMs: 60_000, policy: QUICK };
        const before = Date.now();
        for (const token of [new CartPoll(cart, { ...options, now: before + by }), shifted(new CartPoll(cart, options), by)]) {
          const asked = simulator.cart(cart).checks;
          const poll = await client.pollStep(token);
          assert.deepEqual([poll.state.status, simulator.cart(cart).checks], ['pending', asked + 1]);
          assert.ok(poll.deadline >= before + 60_000 - CLOCKS_ARE_ONE && poll.deadline <= Date.now() + 60_000);
          assert.ok(poll.nextCheckAt <= Date.now() + 1_000);
        }
      }));

    it('hands on tokens that are asked about within their interval, and are not over', () =>
      withShop(async (simulator, client, cart) => {
        let poll = await client.pollStep(new CartPoll(cart, { timeoutMs: 60_000, policy: QUICK }));
        const { deadline } = poll;
        for (let asked = 1; asked < 4; asked += 1) {
          poll = CartPoll.fromJson(shifted(poll, by));
          await eventually(async () => {
            poll = await client.pollStep(poll);
            return simulator.cart(cart).checks > asked;
          });
          assert.ok(Math.abs(poll.deadline - deadline) <= CLOCKS_ARE_ONE);
        }
        simulator.confirm(cart);
        await eventually(async () => {
          poll = await client.pollStep(poll);
          return poll.isDone && poll.state.isPaid;
        });
      }));
  });
}

describe('a job that comes late', () => {
  /** A step, and ten minutes later by our clock another, in another process; the server's clock says `dates`. */
  async function late(dates, use) {
    const answer = (_, at) => ({ headers: { Date: new Date(dates[at]).toUTCString() }, body: PENDING });
    await withServer(answer, async (server) => {
      const poll = await server.client().pollStep(new CartPoll(ID, { timeoutMs: 180_000, policy: QUICK }));
      await use(poll, () => server.client().pollStep(shifted(poll, -TEN_MINUTES)));
    });
  }

  it('indeed is over, by the server’s clock', () => {
    const hour = Date.now() + 3_600_000;
    return late([hour, hour + TEN_MINUTES], async (_, step) => {
      const error = await failure(step);
      assert.ok(error instanceof WaitTimeoutError, `${error}`);
      assert.equal(error.poll.state.status, 'pending');
    });
  });

  it('by our clock alone is not', () => {
    const hour = Date.now() + 3_600_000;
    return late([hour, hour + 1_000], async (poll, step) => {
      const next = await step();
      assert.ok(!next.isDone && next.deadline >= poll.deadline - CLOCKS_ARE_ONE);
    });
  });
});
