// What customers see: products, texts, templates and static files.

import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import nunjucks from 'nunjucks'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const read = (name) => JSON.parse(readFileSync(here(`content/${name}`), 'utf8'))

export const STATIC = here('static')
export const PRODUCTS = read('products.json')
/** By the order's status: the texts of its page, and whether the status can still change. */
export const OUTCOMES = read('outcomes.json')

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

const templates = new nunjucks.Environment(new nunjucks.FileSystemLoader(here('templates')), { autoescape: true })
templates.addFilter('kronur', kronur)

/** A page's HTML. */
export function page(template, context) {
  return templates.render(template, { phone_page: process.env.PHONE_PAGE, ...context })
}

/** 24900 as Icelanders write it: `24.900 kr.`. */
export function kronur(amount) {
  return `${String(amount).replace(/\B(?=(\d{3})+$)/g, '.')} kr.`
}

/** Enough of a number for its owner to recognise it. */
export function masked(phone) {
  return `••• ••${phone.replace(/\D/g, '').slice(-2)}`
}

/** The reference at Netgíró, and the address of the order's page: nobody can guess it. */
export function newOrderId() {
  return `SK-${Array.from({ length: 12 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`
}

export function isOrderId(text) {
  return /^SK-[0-9A-HJKMNP-TV-Z]{12}$/.test(text)
}
