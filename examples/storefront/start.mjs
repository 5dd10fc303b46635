// Starts a shop, and in the same process a simulator in place of Netgíró. With Netgíró's keys in the environment, there is
// no simulator.

import { randomInt } from 'node:crypto'
import { Simulator } from 'netgiro'

export async function start(shop) {
  const { env } = process
  env.PORT ??= '8000'
  env.PUBLIC_URL ??= `http://127.0.0.1:${env.PORT}`
  const simulator = env.NETGIRO_APP_KEY ? null : await startSimulator(env)
  const { close } = await import(shop)
  console.log(`the shop    http://127.0.0.1:${env.PORT}/`)
  if (env.PHONE_PAGE) console.log(`your phone  ${env.PHONE_PAGE}`)

  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, async () => {
      await close()
      await simulator?.close()
      process.exit(0)
    })
  }
}

async function startSimulator(env) {
  const port = Number(env.SIMULATOR_PORT ?? 8765)
  // The ids of an earlier start are in the shop's database, so the seed, which decides them, is a new one.
  const seed = randomInt(2 ** 47)
  // It asks for a check each second, so that a demonstration is quick.
  const simulator = await Simulator.start({ seed, port, checkIntervalMs: 1_000, shop: 'Skemman' })
  Object.assign(env, {
    PHONE_PAGE: simulator.pageUrl,
    NETGIRO_APP_KEY: simulator.appKey,
    NETGIRO_SECRET_KEY: simulator.secretKey,
    NETGIRO_BASE_URL: simulator.url,
    NETGIRO_API: env.NETGIRO_API ?? 'v2',
  })
  return simulator
}
