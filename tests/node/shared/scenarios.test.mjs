// Every scenario of `tests/vectors/scenarios`: a simulator that fails as told, and what the client says meanwhile.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CartPoll, NetgiroError, Simulator } from 'netgiro';
import { camel, pause, root, vectors } from '../harness.mjs';

const ENDPOINTS = ['InsertCart', 'CheckCart', 'CancelCart', 'ConfirmCart'];

class Scenario {
  static async play(document, given) {
    const simulator = await Simulator.start(camel(given.simulator));
    try {
      const scenario = new Scenario(document, given, simulator);
      for (const step of given.steps) await scenario.step(step);
      scenario.end(given);
    } finally {
      await simulator.close();
    }
  }

  constructor(document, given, simulator) {
    this.order = camel(document.order);
    this.policy = camel(given.policy ?? document.policy);
    this.simulator = simulator;
    this.options = camel(given.client);
    this.client = simulator.client(this.options);
  }

  async step(step) {
    this.simulator.clearFaults();
    for (const { endpoint = '*', headers, ...fault } of step.faults ?? []) {
      this.simulator.addFault(endpoint, { ...camel(fault), headers });
    }
    if (step.customer) this.simulator[step.customer](this.simulator.carts()[0]);
    if (step.pause_ms) await pause(step.pause_ms);
    const outcome = await this.call(step).catch((error) => {
      if (!(error instanceof NetgiroError)) throw error;
      return { error };
    });
    this.isTrue(outcome);
    this.compare(step.expect, outcome);
  }

  async call(step) {
    const { transactionId, ...given } = camel(step.arguments ?? {});
    const cart = transactionId ?? this.cart;
    const options = { timeoutMs: step.timeout_ms, policy: camel(step.policy) ?? this.policy };
    const followed = step.resumes && this.poll ? this.poll : cart;
    const { client_timeout_ms: timeoutMs } = step;
    const client = timeoutMs ? this.simulator.client({ ...this.options, timeoutMs }) : this.client;
    switch (step.call) {
      case 'insert':
        return { cart: (this.cart = await client.insertCart({ ...this.order, ...given })) };
      case 'check':
        return { state: await client.checkCart(cart) };
      case 'cancel':
        return { state: await client.cancelCart(cart) };
      case 'confirm':
        return { state: await client.confirmCart(cart) };
      case 'wait':
        return { state: await client.waitForCart(followed, options) };
      case 'settle':
        return { state: await client.settleCart(followed, options) };
      case 'poll_step': {
        const poll = this.poll ? CartPoll.fromJson(this.poll.toJson()) : new CartPoll(cart, options);
        if (step.at === 'due') await pause(Math.max(0, poll.nextCheckAt - Date.now()) + 1);
        return { poll: (this.poll = await client.pollStep(poll)) };
      }
      default:
        return assert.fail(`no such call: ${step.call}`);
    }
  }

  /** What the client says to be decided is decided so at the server. */
  isTrue({ state, poll, error }) {
    const said = state ?? poll?.state ?? error?.state;
    const held = said?.isFinal && this.simulator.cart(said);
    if (held) assert.deepEqual([said.status, said.isPaid], [held.status, held.isPaid], "the server's own state");
  }

  compare(expect, outcome) {
    if (outcome.error?.poll) this.poll = outcome.error.poll;
    assert.deepEqual(Object.keys(outcome), Object.keys(expect), `${outcome.error?.stack}`);
    if (expect.cart) {
      const { amount, reference } = expect.cart;
      assert.deepEqual([outcome.cart.amount, outcome.cart.reference], [amount, reference]);
    } else if (expect.state) {
      assert.deepEqual([outcome.state.status, outcome.state.isPaid], [expect.state.status, expect.state.is_paid]);
    } else if (expect.poll) {
      assert.deepEqual([outcome.poll.state?.status ?? null, outcome.poll.isDone], [expect.poll.status, expect.poll.is_done]);
    } else {
      const { error } = outcome;
      const { retry_after_ms: retryAfter, cause, state, ...same } = expect.error;
      const told = { retryAfter, cause, state, ...camel(same) };
      const found = { ...error, cause: error.cause?.code ?? null, state: error.state?.status ?? null };
      for (const [name, expected] of Object.entries(told)) {
        if (expected !== undefined) assert.equal(found[name] ?? null, expected, `the error's ${name}: ${error}`);
      }
    }
  }

  end(given) {
    const requests = this.simulator.requests();
    for (const endpoint of ENDPOINTS) {
      const seen = requests.filter((request) => request.endpoint === endpoint).length;
      const expected = given.requests[endpoint];
      const [from, to] = Array.isArray(expected) ? expected : [expected, expected];
      assert.ok(seen >= from && seen <= to, `${seen} requests to ${endpoint}, not ${expected}`);
      assert.ok(endpoint !== 'InsertCart' || seen <= 1, 'InsertCart was seen twice');
    }
    assert.ok(requests.every(({ signatureOk }) => signatureOk));
    const held = this.simulator.carts().map(({ status, isPaid }) => ({ status, is_paid: isPaid }));
    assert.deepEqual(held, given.held);
  }
}

const files = readdirSync(join(root, 'tests/vectors/scenarios')).filter((name) => name.endsWith('.json'));

for (const file of files) {
  const document = vectors(`scenarios/${file.replace(/\.json$/, '')}`);
  // They do little but wait.
  describe(file, { concurrency: 8 }, () => {
    for (const given of document.cases) it(given.name, () => Scenario.play(document, given));
  });
}
