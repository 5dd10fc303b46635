// Starts a simulator that stands in for Netgíró, and tells the shop of it; then the shop, in the same process.

import { Simulator } from 'netgiro'

export async function start(shop) {
  const port = process.env.PORT ?? '8000'
  // It asks to be polled each second, so that a demonstration is lively.
  const simulator = await Simulator.start({
    port: Number(process.env.SIMULATOR_PORT ?? 8765),
    checkIntervalMs: 1_000,
    shop: 'Skemman',
  })
  Object.assign(process.env, {
    PORT: port,
    PUBLIC_URL: process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}`,
    PHONE_PAGE: simulator.pageUrl,
    NETGIRO_APP_KEY: simulator.appKey,
    NETGIRO_SECRET_KEY: simulator.secretKey,
    NETGIRO_BASE_URL: simulator.url,
  })
  const { close } = await import(shop)
  console.log(`the shop    http://127.0.0.1:${port}/\nyour phone  ${simulator.pageUrl}`)

  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, async () => {
      await close()
      await simulator.close()
      process.exit(0)
    })
  }
}
