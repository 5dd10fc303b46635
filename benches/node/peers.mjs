// The peers, each in the configuration that its documentation recommends for many calls to one host.
// Each gives a function that checks one cart, and one that closes.
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'

import { APP_KEY, Job, SECRET_KEY } from './job.mjs'

export const IN_FLIGHT = 64
const CA_FILE = process.env.NETGIRO_BENCH_CA
const ca = CA_FILE && readFileSync(CA_FILE)

export async function netgiro(baseUrl) {
  const { Client } = await import('netgiro')
  const client = new Client({ appKey: APP_KEY, secretKey: SECRET_KEY, baseUrl, caFile: CA_FILE })
  return { check: (cart) => client.checkCart(cart), close: () => client.close(), client }
}

// Node's own fetch cannot be given an authority: NODE_EXTRA_CA_CERTS does it.
async function fetching(baseUrl) {
  const job = new Job(baseUrl)
  const check = async (cart) => {
    const { headers, body } = job.request(cart)
    const response = await fetch(job.url, { method: 'POST', headers, body })
    return job.read((name) => response.headers.get(name), await response.text())
  }
  return { check, close() {} }
}

async function undiciPool(baseUrl) {
  const { Pool } = await import('undici')
  const job = new Job(baseUrl)
  const { origin, pathname } = new URL(job.url)
  const pool = new Pool(origin, { connections: IN_FLIGHT, connect: { ca } })
  const check = async (cart) => {
    const { headers, body } = job.request(cart)
    const response = await pool.request({ method: 'POST', path: pathname, headers, body })
    return job.read((name) => response.headers[name], await response.body.text())
  }
  return { check, close: () => pool.close() }
}

async function undiciRequest(baseUrl) {
  const { Agent, request } = await import('undici')
  const job = new Job(baseUrl)
  const dispatcher = new Agent({ connections: IN_FLIGHT, connect: { ca } })
  const check = async (cart) => {
    const { headers, body } = job.request(cart)
    const response = await request(job.url, { method: 'POST', headers, body, dispatcher })
    return job.read((name) => response.headers[name], await response.body.text())
  }
  return { check, close: () => dispatcher.close() }
}

async function axios(baseUrl) {
  const { default: created } = await import('axios')
  const job = new Job(baseUrl)
  const options = { keepAlive: true, maxSockets: IN_FLIGHT, ca }
  const agents = { httpAgent: new http.Agent(options), httpsAgent: new https.Agent(options) }
  const client = created.create({ ...agents, proxy: false, transformResponse: (text) => text })
  const check = async (cart) => {
    const { headers, body } = job.request(cart)
    const response = await client.post(job.url, body, { headers })
    return job.read((name) => response.headers[name], response.data)
  }
  return {
    check,
    close() {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

async function nodeHttp(baseUrl) {
  const job = new Job(baseUrl)
  const { Agent, request } = baseUrl.startsWith('https') ? https : http
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT, ca })
  const check = (cart) =>
    new Promise((resolve, reject) => {
      const { headers, body } = job.request(cart)
      headers['content-length'] = Buffer.byteLength(body)
      const sent = request(job.url, { method: 'POST', headers, agent }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => (text += chunk))
        response.on('end', () => resolve(job.read((name) => response.headers[name], text)))
        response.on('error', reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  return { check, close: () => agent.destroy() }
}

export const PEERS = {
  netgiro,
  fetch: fetching,
  'undici Pool': undiciPool,
  'undici request': undiciRequest,
  axios,
  'node:http': nodeHttp,
}
