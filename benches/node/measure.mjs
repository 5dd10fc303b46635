// One work of one peer, in a process of its own: prints what it took as a line of JSON.
//
//   node measure.mjs WORK PEER BASE_URL COUNT
import { setTimeout as pause } from 'node:timers/promises'

import { APP_KEY, Job, SECRET_KEY } from './job.mjs'
import { IN_FLIGHT, PEERS, netgiro } from './peers.mjs'

const WARM_UP = 1000

function ids(count) {
  return Array.from({ length: count }, (_, at) => {
    const number = (at + 1).toString(16).padStart(12, '0')
    return `00000000-0000-4000-8000-${number}`
  })
}

function cpu() {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** What some work takes, in microseconds a call. */
async function timed(count, work) {
  globalThis.gc?.()
  const used = cpu()
  const started = performance.now()
  await work()
  const elapsed = performance.now() - started
  return { wall_us: (elapsed * 1000) / count, cpu_us: (cpu() - used) / count, per_second: (count / elapsed) * 1000 }
}

/** One call after another: the median, and the processor's time. */
async function serial(peer, baseUrl, count) {
  const { check, close } = await PEERS[peer](baseUrl)
  const carts = ids(count)
  for (const cart of ids(WARM_UP)) await check(cart)
  const took = []
  const figures = await timed(count, async () => {
    for (const cart of carts) {
      const started = performance.now()
      await check(cart)
      took.push(performance.now() - started)
    }
  })
  await close()
  took.sort((one, other) => one - other)
  return { ...figures, median_us: took[took.length >> 1] * 1000 }
}

/** 64 promises in flight. */
async function inFlight(peer, baseUrl, count) {
  const { check, close } = await PEERS[peer](baseUrl)
  const allOf = async (carts) => {
    const shared = carts.values()
    const work = async () => {
      for (const cart of shared) await check(cart)
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, work))
  }
  await allOf(ids(WARM_UP))
  const carts = ids(count)
  const figures = await timed(count, () => allOf(carts))
  await close()
  return figures
}

/** Many carts in one call; of a peer, which has no such call, what is nearest. */
async function bulk(peer, baseUrl, count) {
  if (peer !== 'netgiro') return await inFlight(peer, baseUrl, count)
  const { client, close } = await netgiro(baseUrl)
  await client.checkMany(ids(WARM_UP), { concurrency: IN_FLIGHT })
  const carts = ids(count)
  const figures = await timed(count, async () => {
    const results = await client.checkMany(carts, { concurrency: IN_FLIGHT })
    if (!results.every((result) => result.state)) throw new Error('a check failed')
  })
  await close()
  return figures
}

// How many checks a second are asked for at the most, however many carts there are.
const PACE = 10_000
// How often the server is asked about each cart before it says paid.
const POLLS = Number(process.env.NETGIRO_BENCH_POLLS ?? 1)

/** Carts that are each asked about once a second, until the server says paid. */
async function waiting(peer, baseUrl, count) {
  const { check, close, client } = await PEERS[peer](baseUrl)
  const carts = ids(count)
  const interval = Math.max(1, count / PACE) * 1000
  await check(carts[0])
  globalThis.gc?.()
  const used = cpu()
  const before = process.memoryUsage.rss()
  let held = 0
  if (client) {
    const policy = { minIntervalMs: interval, defaultIntervalMs: interval, maxIntervalMs: interval }
    const settling = client.waitMany(carts, { policy, concurrency: IN_FLIGHT })
    held = process.memoryUsage.rss() - before
    let settled = 0
    for await (const result of settling) settled += result.state ? 1 : 0
    if (settled !== count) throw new Error(`${settled} of ${count} settled`)
  } else {
    const waitFor = async (cart) => {
      while (!(await check(cart)).isPaid) await pause(interval)
    }
    const waits = carts.map(waitFor)
    held = process.memoryUsage.rss() - before
    await Promise.all(waits)
  }
  const figures = { cpu_us: (cpu() - used) / count / POLLS, bytes_a_cart: held / count }
  await close()
  return figures
}

/** Callbacks verified and read, without a network. */
async function callbacks(peer, _baseUrl, count) {
  const { Client, sign } = await import('netgiro')
  const url = 'https://shop.example/netgiro/callback'
  const body = Buffer.from(
    '{"PaymentSuccessful":true,"PaymentInfo":{"TransactionId":"4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001",' +
      '"InvoiceNumber":1001,"ReferenceNumber":"order-1001","StatusId":2,"Created":"2026-01-22T13:22:05.123",' +
      '"TotalAmount":4990.00},"Success":true,"Message":null,"ResultCode":10200}',
  )
  const headers = { netgiro_nonce: '1', netgiro_signature: sign(SECRET_KEY, '1', url, body) }
  const client = new Client({ appKey: APP_KEY, secretKey: SECRET_KEY })
  const job = new Job('')
  job.url = url
  const verify =
    peer === 'netgiro'
      ? () => client.verifyCallback({ url, headers, body })
      : () => job.read((name) => headers[name], body.toString())
  for (let at = 0; at < WARM_UP; at += 1) verify()
  return await timed(count, () => {
    for (let at = 0; at < count; at += 1) verify()
  })
}

// After how many calls memory is looked at for the first time.
const FEW_CALLS = Number(process.env.NETGIRO_BENCH_FEW_CALLS ?? 20_000)

/** What a process holds after many calls, one after another, beside what it held after a few. */
async function memory(peer, baseUrl, count) {
  const { check, close } = await PEERS[peer](baseUrl)
  const [cart] = ids(1)
  for (let at = 0; at < FEW_CALLS; at += 1) await check(cart)
  globalThis.gc?.()
  const afterFew = process.memoryUsage.rss()
  for (let at = FEW_CALLS; at < count; at += 1) await check(cart)
  globalThis.gc?.()
  const afterMany = process.memoryUsage.rss()
  await close()
  return { growth: afterMany / afterFew, megabytes: afterMany / 1e6 }
}

const WORKS = { serial, in_flight: inFlight, bulk, waiting, callbacks, memory }
const [work, peer, baseUrl, count] = process.argv.slice(2)
console.log(JSON.stringify(await WORKS[work](peer, baseUrl, Number(count))))
