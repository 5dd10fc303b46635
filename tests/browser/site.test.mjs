// The site of the documentation, as `make docs` builds it, in a reader's browser: on a desk and on a phone, light and dark.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize, relative } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { PATIENCE } from './shops.mjs'

const { NETGIRO_SCREENSHOTS, NETGIRO_TEST_CHROMIUM } = process.env
const site = fileURLToPath(new URL('../../.work/site/html/', import.meta.url))
const images = fileURLToPath(new URL('../../docs/images/', import.meta.url))
const lacks = NETGIRO_TEST_CHROMIUM
  ? !existsSync(join(site, 'index.html')) && 'there is no site: run `make docs`'
  : 'NETGIRO_TEST_CHROMIUM names no Chromium'

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update']
const DESK = { viewport: { width: 1280, height: 800 }, locale: 'en-GB', colorScheme: 'light' }
const PHONE = { ...DESK, viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }
const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
}

/** The pages that people wrote; rustdoc's and TypeDoc's are many, and alike. */
function pages(folder = site) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return ['rust', 'node'].includes(relative(site, path)) ? [] : pages(path)
    return entry.name.endsWith('.html') ? [relative(site, path)] : []
  })
}

describe('the site', { skip: lacks, timeout: 10 * PATIENCE }, () => {
  let browser, server, url

  before(async () => {
    server = createServer((request, response) => {
      const path = normalize(decodeURIComponent(new URL(request.url, 'http://site').pathname)).replace(/\/$/, '/index.html')
      const file = join(site, path)
      if (!file.startsWith(site) || !existsSync(file)) return response.writeHead(404).end()
      return response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file))
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    url = `http://127.0.0.1:${server.address().port}/`
    browser = await chromium.launch({ executablePath: NETGIRO_TEST_CHROMIUM, args: FLAGS, timeout: PATIENCE })
  })
  after(async () => {
    await browser?.close()
    server?.close()
  })

  /** A reader; whatever goes wrong on the pages, and each request to another host, fails the test. */
  async function reading(test, options = DESK) {
    const context = await browser.newContext(options)
    context.setDefaultTimeout(PATIENCE)
    const wrong = []
    context.on('weberror', (error) => wrong.push(error.error().message))
    context.on('request', (request) => {
      const to = request.url()
      if (!to.startsWith(url) && !/^(?:data|blob):/.test(to)) wrong.push(`asks another host: ${to}`)
    })
    context.on('response', (response) => {
      if (response.status() >= 400) wrong.push(`${response.status()}: ${response.url()}`)
    })
    try {
      await test(await context.newPage())
      assert.deepEqual(wrong, [])
    } finally {
      await context.close()
    }
  }

  async function picture(page, title) {
    if (NETGIRO_SCREENSHOTS !== '1') return
    mkdirSync(images, { recursive: true })
    await page.evaluate(() => document.fonts.ready)
    await page.screenshot({ path: `${images}${title}.png`, animations: 'disabled' })
  }

  const scheme = (page) => page.locator('body').getAttribute('data-md-color-scheme')

  it('begins with the checkout in three languages', () =>
    reading(async (page) => {
      await page.goto(url)
      await picture(page, 'site/desk')
      const tabs = page.locator('.split .tabbed-set').first()
      for (const [language, call] of [['Node', 'client.insertCart('], ['Rust', 'client.insert_cart(&order)'], ['Python', 'client.insert_cart(amount']]) {
        await tabs.getByText(language, { exact: true }).click()
        await tabs.locator('.tabbed-block').getByText(call).first().waitFor()
      }
      for (const image of await page.locator('article img').all()) {
        await image.scrollIntoViewIfNeeded()
        await image.evaluate((element) => element.decode())
      }
    }))

  it('shows every program in the language that was chosen once', () =>
    reading(async (page) => {
      await page.goto(`${url}start/quickstart.html`)
      await page.locator('.tabbed-set').first().getByText('Node', { exact: true }).click()
      await page.goto(`${url}start/who-creates-the-payment.html`)
      for (const block of await page.locator('.tabbed-set').all()) {
        await block.locator('.tabbed-block').nth(1).waitFor({ state: 'visible' })
        assert.equal(await block.locator('.tabbed-block').nth(0).isVisible(), false)
      }
    }))

  it('finds pages by their words', () =>
    reading(async (page) => {
      await page.goto(url)
      await page.keyboard.press('Control+k')
      await page.keyboard.type('refund', { delay: 20 })
      await page.locator('a[href*="refunds.html"]:visible').first().waitFor()
    }))

  it('is dark where the device is, or the reader wants it', () =>
    reading(
      async (page) => {
        await page.goto(`${url}production/troubleshooting.html`)
        await page.waitForFunction(() => document.body.getAttribute('data-md-color-scheme') === 'slate')
        await picture(page, 'site/dark')
        // From "as the device says" to light, which the next page remembers.
        await page.locator('label[for^=__palette_]:visible').first().click()
        await page.waitForFunction(() => document.body.getAttribute('data-md-color-scheme') === 'default')
        await page.goto(`${url}production/faq.html`)
        await page.waitForFunction(() => document.body.getAttribute('data-md-color-scheme') === 'default')
        assert.equal(await scheme(page), 'default')
      },
      { ...DESK, colorScheme: 'dark' },
    ))

  it('fits a phone, on every page that people wrote', () =>
    reading(async (page) => {
      const wide = []
      for (const path of pages()) {
        await page.goto(url + path, { waitUntil: 'load' })
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        if (over > 0) wide.push(`${path}: ${over} px`)
        assert.ok((await page.locator('h1').count()) > 0, `${path} has no heading`)
      }
      assert.deepEqual(wide, [])
      assert.ok(pages().length > 50)
      await page.goto(url)
      await picture(page, 'site/phone')
      await page.locator('label[for=__drawer]:visible').first().click()
      await page.getByRole('link', { name: 'Quickstart' }).last().waitFor()
    }, PHONE))
})
