// Starts the example shops as their READMEs say, each on ports and with a database of its own.

import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
const { NETGIRO_PYTHON, NETGIRO_TARBALL } = process.env

/** How long anything may take, on a machine that does much else. */
export const PATIENCE = 90_000

const python = { lacks: NETGIRO_PYTHON ? false : 'NETGIRO_PYTHON names no interpreter with the wheel and the frameworks' }
const node = { lacks: NETGIRO_TARBALL ? false : 'NETGIRO_TARBALL names no npm package' }
export const SHOPS = { django: python, flask: python, fastapi: python, express: node, fastify: node }

/** Of the test account that Netgíró has published; the simulator's own. */
export const KEYS = {
  NETGIRO_APP_KEY: '881E674F-7891-4C20-AFD8-56FE2624C4B5',
  NETGIRO_SECRET_KEY:
    'YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGeOf/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A=',
}

let installed

/** A copy of the shops on Node, with the package installed as npm would; once for all tests of a file. */
function nodeExamples() {
  if (installed) return installed
  installed = mkdtempSync(join(tmpdir(), 'netgiro-examples-'))
  process.once('exit', () => rmSync(installed, { recursive: true, force: true }))
  cpSync(examples, installed, { recursive: true, filter: (path) => !/node_modules|\.sqlite3|\.venv/.test(path) })
  const manifest = join(installed, 'package.json')
  const dependencies = { netgiro: `file:${resolve(NETGIRO_TARBALL)}` }
  writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')), dependencies }))
  const { status } = spawnSync('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], {
    cwd: installed,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error(`npm install of the examples ended with ${status}`)
  return installed
}

/** Runs a command of the Django shop, beside one that is running. */
export function manage({ data }, args, env = {}) {
  const databases = { DATABASE_URL: `sqlite:///${join(data, 'shop.sqlite3')}` }
  const options = { cwd: join(examples, 'django-shop'), env: { ...process.env, ...KEYS, ...databases, ...env }, encoding: 'utf8' }
  const { status, stdout, stderr } = spawnSync(NETGIRO_PYTHON, ['manage.py', ...args], options)
  if (status !== 0) throw new Error(`manage.py ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`)
}

/** The command `netgiro` of the package that a shop uses. */
export function netgiroCommand(name) {
  return SHOPS[name] === node ? join(nodeExamples(), 'node_modules/.bin/netgiro') : join(dirname(NETGIRO_PYTHON), 'netgiro')
}

/**
 * A shop that answers, with its simulator: another's, if `at` is given, and with another's port and database, if that
 * shop has been killed.
 */
export async function startShop(name, { env = {}, at, after } = {}) {
  const isNode = SHOPS[name] === node
  const folder = join(isNode ? nodeExamples() : examples, `${name}-shop`)
  const [program, ...args] = isNode ? ['npm', 'start', '--silent'] : [NETGIRO_PYTHON, 'run.py']
  const data = after?.data ?? mkdtempSync(join(tmpdir(), `netgiro-${name}-shop-`))
  const port = after?.port ?? (await freePort())
  const simulatorPort = at ? new URL(at.url).port : await freePort()
  const output = []
  const shop = spawn(program, args, {
    cwd: folder,
    // A group of its own, so that whatever it starts is stopped with it.
    detached: true,
    env: {
      ...process.env,
      PORT: String(port),
      SIMULATOR_PORT: String(simulatorPort),
      PYTHONDONTWRITEBYTECODE: '1',
      // Says at SIGABRT where each thread is.
      PYTHONFAULTHANDLER: '1',
      DATABASE: join(data, 'shop.sqlite3'),
      DATABASE_URL: `sqlite:///${join(data, 'shop.sqlite3')}`,
      ...(at && { ...KEYS, NETGIRO_BASE_URL: `${at.url}/v1/` }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [shop.stdout, shop.stderr]) stream.on('data', (chunk) => output.push(chunk))
  const over = new Promise((done) => {
    shop.once('exit', done)
    shop.once('error', done)
  })
  const said = () => Buffer.concat(output).toString()

  /** As a machine that fails: at once, whatever it was doing. */
  async function kill() {
    signal('SIGKILL')
    await over
    return { port, data }
  }

  /** Fails with what each thread of Python was doing, if the shop does not stop by itself. */
  async function stop({ keepsData = false } = {}) {
    signal('SIGINT')
    const ended = await Promise.race([over.then(() => true), sleep(PATIENCE, false, { ref: false })])
    if (!ended) {
      signal('SIGABRT')
      await Promise.race([over, sleep(2000)])
    }
    // What was not stopped by then, or was left behind.
    signal('SIGKILL')
    await over
    if (!keepsData) rmSync(data, { recursive: true, force: true })
    if (!ended) throw new Error(`${name}-shop did not stop by itself:\n${said()}`)
    return { port, data }
  }

  function signal(which) {
    try {
      process.kill(-shop.pid, which)
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
    }
  }

  const url = `http://127.0.0.1:${port}`
  const simulator = new Controls(`http://127.0.0.1:${simulatorPort}`)
  try {
    await until(`${name}-shop answers`, async () => {
      if (shop.exitCode !== null || shop.signalCode !== null) throw new Error(`${name}-shop ended:\n${said()}`)
      return (await fetch(url).catch(() => null))?.ok
    })
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
  return { name, url, data, simulator, said, kill, stop }
}

/** The simulator's controls over HTTP. */
class Controls {
  constructor(url) {
    this.url = url
  }

  async carts() {
    return (await fetch(`${this.url}/simulator/carts`)).json()
  }

  /** The cart with a reference, once it is there. */
  async cart(reference) {
    return await until(`a cart for ${reference}`, async () => (await this.carts()).find((cart) => cart.reference === reference))
  }

  async callbacks() {
    return (await fetch(`${this.url}/simulator/callbacks`)).json()
  }

  async inserted(reference) {
    const requests = await (await fetch(`${this.url}/simulator/requests`)).json()
    return requests.filter(({ endpoint, body }) => (endpoint === 'InsertCart' || endpoint === 'Payment') && body.includes(reference)).length
  }

  async tell(path, body, method = 'POST') {
    const init = { method, headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) }
    const response = await fetch(`${this.url}/simulator/${path}`, init)
    if (response.status !== 204) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  }
}

/** Asks until there is an answer. */
export async function until(what, ask, patience = PATIENCE) {
  const deadline = Date.now() + patience
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > deadline) throw new Error(`not within ${patience / 1000} s: ${what}`)
    await sleep(100)
  }
}

function freePort() {
  return new Promise((resolved, rejected) => {
    const server = createServer().once('error', rejected)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolved(port))
    })
  })
}
