// How the tests open their windows.

const { NETGIRO_TEST_CHROMIUM } = process.env

export const noBrowser = NETGIRO_TEST_CHROMIUM ? false : 'NETGIRO_TEST_CHROMIUM names no Chromium'
export const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]
export const WINDOW = { viewport: { width: 1100, height: 760 }, locale: 'en-GB', colorScheme: 'light' }
