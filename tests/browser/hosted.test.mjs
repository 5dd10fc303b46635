// A customer who pays at Netgíró's page, which is the simulator's: accepts, rejects, closes it, comes back later.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { PATIENCE, SHOPS, manage, startShop } from './shops.mjs'
import { FLAGS, WINDOW, noBrowser } from './windows.mjs'

const { NETGIRO_SCREENSHOTS, NETGIRO_TEST_CHROMIUM } = process.env
const images = fileURLToPath(new URL('../../docs/images/', import.meta.url))

for (const name of ['django', 'express']) {
  describe(`${name}-shop and Netgíró’s page`, { skip: noBrowser || SHOPS[name].lacks, timeout: 6 * PATIENCE }, () => {
    let browser, shop, context, page

    before(async () => {
      browser = await chromium.launch({ executablePath: NETGIRO_TEST_CHROMIUM, args: FLAGS, timeout: PATIENCE })
      shop = await startShop(name, { env: { NETGIRO_API: 'v2' } })
    })
    after(async () => {
      await browser?.close()
      await shop?.stop()
    })

    async function visiting(test) {
      context = await browser.newContext(WINDOW)
      context.setDefaultTimeout(PATIENCE)
      const wrong = []
      context.on('weberror', (error) => wrong.push(error.error()))
      page = await context.newPage()
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

    /** From the products to Netgíró's page; gives the cart as the simulator holds it. */
    async function goesToNetgiro(sku, amount) {
      await page.getByTestId(`product-${sku}`).getByRole('button', { name: 'Add' }).click()
      await page.getByRole('link', { name: 'Check out' }).click()
      // Side by side.
      await page.getByRole('button', { name: /on your phone$/ }).waitFor()
      if (NETGIRO_SCREENSHOTS === '1' && name === 'django') {
        mkdirSync(images, { recursive: true })
        await page.evaluate(() => document.fonts.ready)
        await page.screenshot({ path: `${images}shops/checkout.png`, animations: 'disabled' })
      }
      const id = await page.locator('input[name=order_id]').first().inputValue()
      await page.getByRole('button', { name: /at Netgíró$/ }).click()
      await page.getByTestId('checkout').waitFor()
      assert.match(page.url(), /\/simulator\/checkout\//)
      // The page asks for what it shows.
      await page.getByTestId('amount').filter({ hasText: /./ }).waitFor()
      assert.equal(await page.getByTestId('amount').innerText(), amount)
      return await shop.simulator.cart(id)
    }

    async function told(status, title) {
      await page.locator(`[data-testid=outcome][data-status=${status}]`).waitFor()
      assert.equal(await page.getByTestId('title').innerText(), title)
    }

    async function endsAs(status, title, { reference }) {
      await told(status, title)
      assert.equal((await shop.simulator.cart(reference)).is_paid, status === 'paid')
      await page.goto(`${shop.url}/orders/${reference}`)
      assert.equal(await page.getByTestId('order-title').getAttribute('data-status'), status)
    }

    const paid = ['paid', 'Paid. Takk fyrir!']
    const notPaid = ['not_paid', 'The order is not paid']

    it('is paid when the customer accepts, and comes back', () =>
      visiting(async () => {
        const cart = await goesToNetgiro('lopapeysa', '28.900 kr.')
        await page.getByTestId('accept').click()
        await page.waitForURL(`${shop.url}/orders/${cart.reference}/payment`)
        await endsAs(...paid, cart)
      }))

    for (const [button, what] of [
      ['reject', 'rejects'],
      ['back', 'goes back'],
    ]) {
      it(`is not paid when the customer ${what}`, () =>
        visiting(async () => {
          const cart = await goesToNetgiro('vettlingar', '5.900 kr.')
          await page.getByTestId(button).click()
          await page.waitForURL(`${shop.url}/orders/${cart.reference}/payment`)
          await endsAs(...notPaid, cart)
          await page.goto(`${shop.url}/orders/${cart.reference}/payment`)
          await page.getByTestId('again').click()
          await page.getByTestId('line-vettlingar').waitFor()
        }))
    }

    it('waits for a customer who has closed the page, and sends the customer there again', () =>
      visiting(async () => {
        const cart = await goesToNetgiro('salt', '1.490 kr.')
        await page.close()
        page = await context.newPage()
        await page.goto(`${shop.url}/orders/${cart.reference}`)
        assert.equal(await page.getByTestId('order-title').innerText(), 'You pay at Netgíró')
        await page.getByRole('link', { name: 'To the payment' }).click()
        await told('hosted', 'You pay at Netgíró')
        await page.getByTestId('to-netgiro').click()
        await page.getByTestId('accept').click()
        await page.waitForURL(`${shop.url}/orders/${cart.reference}/payment`)
        await endsAs(...paid, cart)
      }))

    it('knows of a payment whose customer never comes back', () =>
      visiting(async () => {
        const cart = await goesToNetgiro('kaffikanna', '8.900 kr.')
        const netgiro = page.url()
        await page.close()
        const init = { method: 'POST', body: JSON.stringify({ customer_id: '1111111119' }) }
        assert.equal((await fetch(`${netgiro}/accept`, init)).status, 204)
        page = await context.newPage()
        await page.goto(`${shop.url}/orders/${cart.reference}/payment`)
        await endsAs(...paid, cart)
      }))

    it('does not believe what the URL says', () =>
      visiting(async () => {
        const cart = await goesToNetgiro('skyrskeid', '2.400 kr.')
        const id = cart.transaction_id
        const forged = { TransactionId: id, ReferenceNumber: cart.reference, InvoiceNumber: 1, TotalAmount: 2400, Status: 2 }
        const query = new URLSearchParams({ ...forged, NetgiroSignature: 'ab'.repeat(32) })
        await page.goto(`${shop.url}/orders/${cart.reference}/return?${query}`)
        await told('hosted', 'You pay at Netgíró')
      }))

    it('is paid on the phone as well', () =>
      visiting(async () => {
        await page.getByTestId('product-rugbraud').getByRole('button').click()
        await page.getByRole('link', { name: 'Check out' }).click()
        const id = await page.locator('input[name=order_id]').first().inputValue()
        await page.getByLabel('Your mobile number').fill('822 3281')
        await page.getByRole('button', { name: /on your phone$/ }).click()
        await told('waiting', 'Look at your phone')
        const cart = await shop.simulator.cart(id)
        await shop.simulator.tell(`carts/${cart.transaction_id}/confirm`)
        await endsAs(...paid, cart)
      }))

    if (name !== 'django') return
    it('is refunded in the admin, and the simulator’s page shows it', () =>
      visiting(async () => {
        const cart = await goesToNetgiro('lopapeysa', '28.900 kr.')
        await page.getByTestId('accept').click()
        await endsAs(...paid, cart)
        const [user, password] = ['anna', 'leyniorð-1234']
        const staff = ['--noinput', '--username', user, '--email', 'anna@shop.example']
        manage(shop, ['createsuperuser', ...staff], { DJANGO_SUPERUSER_PASSWORD: password })
        await page.goto(`${shop.url}/admin/netgiro/cart/`)
        await page.getByLabel('Username').fill(user)
        await page.getByLabel('Password').fill(password)
        await page.getByRole('button', { name: 'Log in' }).click()
        await page.getByRole('link', { name: cart.reference }).click()
        await page.getByRole('link', { name: 'Refund…' }).click()
        await page.locator('input[name=amount]').fill('4900')
        await page.getByRole('button', { name: 'Refund…' }).click()
        await page.getByRole('button', { name: /^Yes, refund/ }).click()
        await page.getByText('are refunded.').waitFor()
        const phone = await context.newPage()
        await phone.goto(`${shop.simulator.url}/?lang=en`)
        const refunded = phone.getByTestId('refunded')
        await refunded.waitFor()
        assert.equal((await refunded.innerText()).trim().replace('\u00a0', ' '), 'Refunded 4.900 kr.')
        assert.equal((await shop.simulator.cart(cart.reference)).refunded, 4900)
      }))
  })
}
