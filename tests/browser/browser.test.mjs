// A customer with two windows: the shop in one, the phone (the simulator's page) in the other.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { PATIENCE, SHOPS, startShop } from './shops.mjs'
import { FLAGS, WINDOW, noBrowser } from './windows.mjs'

const { NETGIRO_SCREENSHOTS, NETGIRO_TEST_CHROMIUM } = process.env
const images = fileURLToPath(new URL('../../docs/images/', import.meta.url))
const PHONE = { ...WINDOW, viewport: { width: 360, height: 740 } }

for (const name of ['django', 'express']) {
  describe(`${name}-shop in a browser`, { skip: noBrowser || SHOPS[name].lacks, timeout: 6 * PATIENCE }, () => {
    let browser, shop, context, page, phone
    const taken = new Set()

    before(async () => {
      browser = await chromium.launch({ executablePath: NETGIRO_TEST_CHROMIUM, args: FLAGS, timeout: PATIENCE })
      shop = await startShop(name, { env: { NETGIRO_API: 'v1' } })
    })
    after(async () => {
      await browser?.close()
      await shop?.stop()
    })

    /** Two windows; whatever goes wrong in either of them fails the test. */
    async function visiting(test, options = WINDOW) {
      context = await browser.newContext(options)
      context.setDefaultTimeout(PATIENCE)
      const wrong = []
      context.on('weberror', (error) => wrong.push(error.error()))
      page = await context.newPage()
      phone = await context.newPage()
      await phone.goto(shop.simulator.url)
      await page.goto(shop.url)
      try {
        await test()
        assert.deepEqual(wrong, [], 'errors on the pages')
      } catch (error) {
        error.message += `\n${shop.said()}`
        throw error
      } finally {
        await context.close()
      }
    }

    /** From the products to the page that waits; gives the cart as the simulator holds it. */
    async function buys(...skus) {
      for (const sku of skus) {
        await page.goto(shop.url)
        await page.getByTestId(`product-${sku}`).getByRole('button', { name: 'Add' }).click()
        await page.getByTestId(`line-${sku}`).waitFor()
      }
      await page.getByRole('link', { name: 'Check out' }).click()
      await page.getByLabel('Your mobile number').fill('822 3281')
      await page.getByRole('button', { name: /^Pay / }).click()
      await told('waiting', 'Look at your phone')
      // What the page tells from now on, it tells without a reload.
      await page.evaluate(() => {
        window.stayed = true
      })
      const reference = new URL(page.url()).pathname.split('/')[2]
      const cart = await shop.simulator.cart(reference)
      assert.equal(await shop.simulator.inserted(reference), 1)
      return cart
    }

    async function told(status, title) {
      await page.locator(`[data-testid=outcome][data-status=${status}]`).waitFor()
      assert.equal(await page.getByTestId('title').innerText(), title)
    }

    async function endsAs(status, title, cart) {
      await told(status, title)
      assert.equal(await page.evaluate(() => window.stayed), true, 'the page was loaded anew')
      assert.equal(await page.title(), `${title} · Skemman`)
      if (status === 'paid') await picture(page, 'shops/paid')
      const held = await shop.simulator.cart(cart.reference)
      assert.equal(held.is_paid, status === 'paid')
      // The order's own page says the same as the page that waited.
      await page.goto(`${shop.url}/orders/${cart.reference}`)
      assert.equal(await page.getByTestId('order-title').getAttribute('data-status'), status)
    }

    async function decides(cart, button) {
      const card = phone.getByTestId(`cart-${cart.transaction_id}`)
      await card.getByRole('button', { name: button }).click()
      await card.waitFor({ state: 'detached' })
    }

    /** For the documentation, when it is asked for: of one shop, since they look the same. */
    async function picture(of, title, options = {}) {
      if (NETGIRO_SCREENSHOTS !== '1' || name !== 'django' || taken.has(title)) return
      taken.add(title)
      mkdirSync(images, { recursive: true })
      await of.evaluate(() => document.fonts.ready)
      await of.screenshot({ path: `${images}${title}.png`, animations: 'disabled', ...options })
    }

    it('is paid when the customer accepts', () =>
      visiting(async () => {
        await picture(page, 'shops/products', { fullPage: true })
        const cart = await buys('lopapeysa', 'salt')
        assert.equal(cart.amount, 30_390)
        await phone.getByTestId(`cart-${cart.transaction_id}`).waitFor()
        await picture(page, 'shops/waiting')
        await decides(cart, 'Accept')
        await endsAs('paid', 'Paid. Takk fyrir!', cart)
        assert.equal(await page.getByTestId('basket-count').innerText(), '0')
      }))

    it('is not paid when the customer declines', () =>
      visiting(async () => {
        const cart = await buys('vettlingar')
        await decides(cart, 'Reject')
        await endsAs('declined', 'You declined the payment', cart)
        await page.goto(`${shop.url}/orders/${cart.reference}/payment`)
        await page.getByTestId('again').click()
        await page.getByTestId('line-vettlingar').waitFor()
      }))

    it('is not paid when the time runs out', () =>
      visiting(async () => {
        const cart = await buys('hardfiskur')
        await phone.getByTestId('advance-180').click()
        await phone.getByTestId('advance-10').click()
        await endsAs('timed_out', 'The time ran out', cart)
      }))

    it('is not paid when the customer cancels in the shop', () =>
      visiting(async () => {
        const cart = await buys('kaffikanna')
        await page.getByTestId('cancel').click()
        await endsAs('canceled', 'You canceled the payment', cart)
        await phone.getByTestId(`cart-${cart.transaction_id}`).waitFor({ state: 'detached' })
      }))

    it('is paid when the customer accepts during the cancel', () =>
      visiting(async () => {
        const cart = await buys('skyrskeid')
        await shop.simulator.tell('faults', { endpoint: 'CancelCart', confirm_during: true })
        await page.getByTestId('cancel').click()
        await endsAs('paid', 'Paid. Takk fyrir!', cart)
      }))

    it('says that it does not know, and then knows', () =>
      visiting(async () => {
        await page.getByTestId('product-rugbraud').getByRole('button').click()
        await page.getByRole('link', { name: 'Check out' }).click()
        await page.getByLabel('Your mobile number').fill('822 3281')
        await shop.simulator.tell('faults', { endpoint: 'InsertCart', drop: 'after' })
        await page.getByRole('button', { name: /^Pay / }).click()
        await told('unknown', 'We do not know yet')
        await page.evaluate(() => {
          window.stayed = true
        })
        await picture(page, 'shops/unknown')
        await phone.setViewportSize({ width: 1440, height: 1000 })
        await picture(phone, 'simulator/page')
        const cart = await shop.simulator.cart(new URL(page.url()).pathname.split('/')[2])
        await decides(cart, 'Accept')
        await endsAs('paid', 'Paid. Takk fyrir!', cart)
        assert.equal(await shop.simulator.inserted(cart.reference), 1)
      }))

    it('fits a phone, in the dark', () =>
      visiting(
        async () => {
          for (const path of ['/', '/basket', '/checkout']) {
            await page.goto(`${shop.url}${path}`)
            await fits()
          }
          const cart = await buys('lopapeysa', 'lakkris')
          await fits()
          await picture(page, 'shops/phone')
          await picture(phone, 'simulator/phone')
          await page.goto(`${shop.url}/basket`)
          await decides(cart, 'Accept')
          await page.goto(`${shop.url}/orders/${cart.reference}`)
          await fits()
        },
        { ...PHONE, colorScheme: 'dark' },
      ))

    async function fits() {
      const { wide, wanted } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        wanted: document.documentElement.clientWidth,
      }))
      assert.ok(wide <= wanted, `${page.url()} is ${wide} pixels wide, on a screen of ${wanted}`)
    }
  })
}
