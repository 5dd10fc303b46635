// What several test files need: the shared vectors, a server that captures raw bytes, and names in both spellings.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after } from 'node:test';
import { Client, Simulator } from 'netgiro';

export const root = process.env.NETGIRO_ROOT;

export const APP_KEY = '881E674F-7891-4C20-AFD8-56FE2624C4B5';
export const SECRET =
  'YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGeOf/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A=';
export const ID = '0f0e0d0c-0b0a-4908-8706-050403020100';

/** Whether the long forms are wanted: the whole storm, every worker, every call. */
export const full = process.env.NETGIRO_STORM === 'full';

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A policy that makes a test quick. */
export const QUICK = { minIntervalMs: 5, defaultIntervalMs: 10, maxIntervalMs: 20 };

export function vectors(name) {
  return JSON.parse(readFileSync(join(root, 'tests/vectors', `${name}.json`), 'utf8'));
}

/** `transaction_id` to `transactionId`, all the way down; values are left alone. */
export function camel(value) {
  if (Array.isArray(value)) return value.map(camel);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [camelName(key), camel(member)]));
}

export function camelName(name) {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

/** The signature as the API's documentation describes it, made without the package. */
export function expectedSignature(nonce, url, body, secret = SECRET) {
  return createHash('sha256').update(secret).update(nonce).update(url).update(body).digest('hex');
}

/**
 * A server that keeps what came in, raw, and answers what `answer(request, index)` says:
 * `{ status, headers, body }`, `'hang'`, or `'cut'` for a connection that is closed without an answer.
 */
export async function serve(answer) {
  const requests = [];
  const server = createServer((incoming, response) => {
    const chunks = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('end', async () => {
      const request = {
        method: incoming.method,
        path: incoming.url,
        endpoint: incoming.url.split('/').pop(),
        url: `http://${incoming.headers.host}${incoming.url}`,
        headers: incoming.headers,
        body: Buffer.concat(chunks),
      };
      requests.push(request);
      const answered = await answer(request, requests.length - 1);
      if (answered === 'hang') return;
      if (answered === 'cut') {
        incoming.socket.destroy();
        return;
      }
      const { status = 200, headers = {}, body = '' } = answered;
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
      response.end(body);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${server.address().port}/v1/`;
  return {
    requests,
    baseUrl,
    client: (options = {}) => new Client({ appKey: APP_KEY, secretKey: SECRET, baseUrl, ...options }),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Serves for as long as `use` runs. */
export async function withServer(answer, use) {
  const server = await serve(answer);
  try {
    return await use(server);
  } finally {
    await server.close();
  }
}

/** What a call throws or rejects with. */
export async function failure(call) {
  try {
    const value = await call();
    assert.fail(`expected an error, got ${JSON.stringify(value)}`);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return error;
  }
}

/** Waits for a condition, not for a time. */
export async function until(condition, what, ms = 60_000) {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Answers of CheckCart, by status. */
export function checkAnswer(code, { paid = code === 10200, success = true, payment = null, message = null } = {}) {
  return {
    body: JSON.stringify({
      PaymentSuccessful: paid,
      PaymentInfo: payment,
      Success: success,
      Message: message,
      ResultCode: code,
    }),
  };
}

/** InsertCart's answer. */
export function insertAnswer(hint = 3000, id = ID) {
  return {
    body: JSON.stringify({
      Success: true,
      ResultCode: 200,
      Message: null,
      TransactionId: id,
      ProcessCartCheckIntervalMiliseconds: hint,
    }),
  };
}

const simulators = [];
after(() => Promise.all(simulators.map((simulator) => simulator.close())));

/** A simulator that is closed when the tests of the file are over. */
export async function simulate(options) {
  const simulator = await Simulator.start(options);
  simulators.push(simulator);
  return simulator;
}
