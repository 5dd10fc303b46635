// `netgiro doctor` at every example shop as it stands: behind a proxy that passes everything on, and one that is broken.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { KEYS, PATIENCE, SHOPS, netgiroCommand, startShop } from './shops.mjs'

/** What the proxy makes of a callback: an answer of its own, or a change on the way to the shop or back. */
const FAULTS = {
  'a redirect': {
    answer: (response) => response.writeHead(308, { Location: 'https://shop.example/moved' }).end(),
    finds: ['callback', /a redirect: 308/],
  },
  'a CSRF protection': {
    answer: (response) => response.writeHead(403).end('ForbiddenError: invalid csrf token'),
    finds: ['callback', /CSRF/],
  },
  'an answer that does not come': {
    answer: () => {},
    timeout: 0.3,
    finds: ['callback', /too slow/],
  },
  'headers that are dropped': {
    header: (name) => !name.includes('_'),
    finds: ['callback_signature', /are dropped/],
  },
  'a body that is re-serialised': {
    body: (text) => JSON.stringify(JSON.parse(text)),
    finds: ['callback_signature', /re-serialised/],
  },
  'a page in place of the refusal': {
    status: (status) => (status === 400 ? 200 : status),
    finds: ['callback_forgery', /GRAVE/],
  },
}

/** A proxy before the shop, whose URL the shop registers; `fault` may change between requests. */
class Proxy {
  target
  fault = {}
  #server = createServer((request, response) => {
    this.#pass(request, response).catch((error) => response.destroy(error))
  })

  async listen() {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.url = `http://127.0.0.1:${this.#server.address().port}`
  }

  async #pass(request, response) {
    const { answer, header = () => true, body: changed = (text) => text, status: shown = (status) => status } = this.fault
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    if (answer) return answer(response)
    const body = Buffer.from(changed(Buffer.concat(chunks).toString()))
    // As they were sent: an underscore is what may be lost in a name.
    const headers = []
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      const name = request.rawHeaders[at]
      if (name.toLowerCase() === 'content-length') headers.push(name, String(body.length))
      else if (header(name)) headers.push(name, request.rawHeaders[at + 1])
    }
    const outgoing = httpRequest(new URL(request.url, this.target), { method: request.method, headers, agent: false })
    outgoing.end(body)
    const [incoming] = await once(outgoing, 'response')
    response.writeHead(shown(incoming.statusCode), { 'Content-Type': incoming.headers['content-type'] ?? 'text/plain' })
    incoming.pipe(response)
  }

  close() {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

for (const [name, { lacks }] of Object.entries(SHOPS)) {
  describe(`${name}-shop`, { skip: lacks, timeout: 4 * PATIENCE }, () => {
    const proxy = new Proxy()
    let shop

    before(async () => {
      await proxy.listen()
      shop = await startShop(name, { env: { PUBLIC_URL: proxy.url } })
      proxy.target = shop.url
    })

    after(async () => {
      proxy.close()
      await shop?.stop()
    })

    const path = name === 'django' ? '/netgiro/callback/' : '/netgiro/callback'

    /** What the command finds at a URL: its checks by their names. */
    async function examine(url, { timeout = PATIENCE / 1000, registered = [] } = {}) {
      const args = ['doctor', '--json', '--timeout', String(timeout), '--callback', `${url}${path}`, ...registered]
      const env = { ...process.env, ...KEYS, NETGIRO_BASE_URL: `${shop.simulator.url}/v1/` }
      const { code, stdout, stderr } = await run(netgiroCommand(name), args, env)
      assert.ok(!`${stdout}${stderr}`.includes(KEYS.NETGIRO_SECRET_KEY))
      const { ok, checks } = JSON.parse(stdout)
      assert.equal(code, ok ? 0 : 1, stderr)
      return new Map(checks.map((check) => [check.name, check]))
    }

    function isSound(checks) {
      assert.deepEqual(wrong(checks), [], shop.said())
      assert.match(checks.get('callback_signature').detail, /409 for an unknown cart/)
      assert.match(checks.get('callback_forgery').detail, /was answered 400/)
    }

    it('is sound', async () => isSound(await examine(proxy.url)))

    it('is sound without the proxy, if the URL that it registers is named', async () => {
      isSound(await examine(shop.url, { registered: ['--registered-url', `${proxy.url}${path}`] }))
      assert.deepEqual(wrong(await examine(shop.url)), ['callback_signature'])
    })

    for (const [what, { finds, timeout, ...fault }] of Object.entries(FAULTS)) {
      it(`${what} is named`, async () => {
        proxy.fault = fault
        const checks = await examine(proxy.url, { timeout })
        proxy.fault = {}
        const [check, detail] = finds
        assert.deepEqual(wrong(checks), [check], shop.said())
        assert.match(checks.get(check).detail, detail)
        assert.ok(checks.get(check).remedy)
      })
    }

    it('is as it was before', async () => {
      isSound(await examine(proxy.url))
      assert.deepEqual(await shop.simulator.carts(), [])
      assert.ok(!shop.said().includes(KEYS.NETGIRO_SECRET_KEY))
    })
  })
}

function wrong(checks) {
  return Array.from(checks.values())
    .filter(({ ok }) => ok === false)
    .map(({ name }) => name)
}

function run(program, args, env) {
  return new Promise((resolve) => {
    execFile(program, args, { env }, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }))
  })
}
