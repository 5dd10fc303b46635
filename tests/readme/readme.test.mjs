// The README's JavaScript, executed against a simulator, in a project with the package installed.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'

import { Simulator, sign } from 'netgiro'

const readme = await readFile(process.env.NETGIRO_README, 'utf8')
const snippets = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code)
const snippet = (word) => snippets.find((code) => code.includes(word))

let simulator

before(async () => {
  simulator = await Simulator.start()
  process.env.NETGIRO_APP_KEY = simulator.appKey
  process.env.NETGIRO_SECRET_KEY = simulator.secretKey
  process.env.NETGIRO_BASE_URL = simulator.url
})

after(() => simulator.close())

async function run(name, code) {
  await writeFile(new URL(name, import.meta.url), code)
  return promisify(execFile)(process.execPath, [name], { cwd: import.meta.dirname, timeout: 20_000 })
}

test('every snippet is known to this test', () => assert.equal(snippets.length, 3))

test('the checkout', async () => {
  const { stdout } = await run('checkout.mjs', snippet('settleCart'))
  assert.equal(stdout, 'order-1002 is paid: ship it\n')
})

test('the simulator', () => run('simulator.mjs', snippet('Simulator.start')))

test('the callback handler takes a signed callback and refuses a forged one', async () => {
  await writeFile(new URL('callback.mjs', import.meta.url), snippet('verifyCallback'))
  const { app } = await import('./callback.mjs')
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${server.address().port}/netgiro/callback`
  const post = (body, nonce = '1') =>
    fetch(url, {
      method: 'POST',
      body,
      headers: {
        'Content-Type': 'application/json',
        netgiro_nonce: nonce,
        netgiro_signature: sign(
          simulator.secretKey,
          '1',
          'https://shop.example/netgiro/callback',
          body,
        ),
      },
    }).then((response) => response.status)
  const body = (amount) =>
    JSON.stringify({
      PaymentSuccessful: true,
      PaymentInfo: {
        TransactionId: '4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001',
        ReferenceNumber: 'order-1001',
        TotalAmount: amount,
        StatusId: 2,
      },
      Success: true,
      ResultCode: 10200,
    })
  try {
    assert.equal(await post(body(4990)), 200)
    assert.equal(await post(body(4990), '2'), 400)
    assert.equal(await post(body(1)), 409)
    assert.equal(await post(''), 400)
    assert.equal((await fetch(url, { method: 'POST' })).status, 400)
  } finally {
    server.close()
  }
})
