// A job killed at any step goes on in a new process: same outcome, no second InsertCart, no check before its time.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { CartPoll } from 'netgiro';
import { APP_KEY, SECRET, simulate } from '../harness.mjs';

const INTERVAL = 120;
/** The simulator's clock and the job's are the same, but both are cut to milliseconds. */
const CUT = 2;
const program = new URL('../programs/job.mjs', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'netgiro-job-'));
after(() => rmSync(folder, { recursive: true }));

function job(file, url, killAt) {
  const env = { ...process.env, NETGIRO_APP_KEY: APP_KEY, NETGIRO_SECRET_KEY: SECRET, KILL_AT: killAt };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, file, url], { env, timeout: 20_000 }, (error, stdout, stderr) => {
      assert.equal(stderr, '');
      resolve(error ? error.signal : stdout.trim());
    });
  });
}

/** When the token on disk allows the next check. */
function dueAt(file) {
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  return kept.poll ? CartPoll.fromJson(kept.poll).nextCheckAt : 0;
}

const steps = [1, 2, 3].flatMap((step) =>
  ['', ' in flight', ' answered', ', not kept', ', kept'].map((where) => `step ${step}${where}`),
);
/** Where the check was made, and the token that says so was not kept. */
const isRepeated = (point) => / (in flight|answered)$|not kept$/.test(point);
const inserts = ['attempt, not kept', 'attempt, kept', 'insert in flight', 'insert answered', 'insert, not kept', 'insert, kept'];

describe('a job killed', { concurrency: 3 }, () => {
  for (const point of [...inserts, ...steps]) {
    it(`at: ${point}`, async () => {
      const simulator = await simulate({ checkIntervalMs: INTERVAL });
      // Answers take a while, so that a call can be in flight; the customer confirms during the third check.
      simulator.addFault('InsertCart', { delayMs: 80 });
      simulator.addFault('CheckCart', { delayMs: 80, count: 2 });
      simulator.addFault('CheckCart', { delayMs: 80, confirmDuring: true });
      const file = join(folder, `${point}.json`);

      assert.equal(await job(file, simulator.url, point), 'SIGKILL');
      const due = dueAt(file);
      const before = simulator.requests().length;
      const outcome = await job(file, simulator.url, '');

      const requests = simulator.requests();
      const count = (endpoint) => requests.filter((request) => request.endpoint === endpoint).length;
      assert.ok(count('InsertCart') <= 1, 'a second InsertCart');
      const isUnknown = ['attempt, kept', 'insert in flight', 'insert answered', 'insert, not kept'].includes(point);
      assert.equal(outcome, isUnknown ? 'the insert is unknown' : 'confirmed');
      if (isUnknown) return;

      assert.equal(count('InsertCart'), 1);
      const again = requests.slice(before).find(({ endpoint }) => endpoint === 'CheckCart');
      if (again) assert.ok(Date.parse(again.at) >= due - CUT, `${again.at} is before ${new Date(due).toISOString()}`);
      const checks = requests.filter(({ endpoint }) => endpoint === 'CheckCart').map(({ at }) => Date.parse(at));
      const early = checks.slice(1).filter((at, index) => at - checks[index] < INTERVAL - CUT);
      // Only a check whose answer was lost is made again before the interval is over.
      assert.ok(early.length <= (isRepeated(point) ? 1 : 0), `checks at ${checks.map((at) => at - checks[0])}`);
      assert.ok(checks.length === 3 || (isRepeated(point) && checks.length === 4), `${checks.length} checks`);
    });
  }
});
