import { start } from 'storefront/start.mjs'

await start(new URL('shop.mjs', import.meta.url))
