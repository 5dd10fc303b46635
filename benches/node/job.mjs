// The job that every peer does: sign, and read what came back, as a careful shop would by hand.
import { createHash, timingSafeEqual } from 'node:crypto'

export const APP_KEY = '881E674F-7891-4C20-AFD8-56FE2624C4B5'
export const SECRET_KEY =
  'YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGeOf/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A='

let nonce = BigInt(Date.now()) * 100_000n

const sha256 = (text) => createHash('sha256').update(text).digest()

/** Requests to CheckCart, and their answers. */
export class Job {
  constructor(baseUrl) {
    this.url = `${baseUrl}Checkout/CheckCart`
  }

  request(transactionId) {
    const body = JSON.stringify({ TransactionId: transactionId })
    nonce += 1n
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      netgiro_appkey: APP_KEY,
      netgiro_nonce: String(nonce),
      netgiro_signature: sha256(SECRET_KEY + nonce + this.url + body).toString('hex'),
    }
    return { headers, body }
  }

  read(header, body) {
    const signature = header('netgiro_signature')
    if (signature) {
      const expected = sha256(SECRET_KEY + header('netgiro_nonce') + this.url + body)
      if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) throw new Error('the signature does not match')
    }
    const answer = JSON.parse(body)
    const payment = answer.PaymentInfo
    return {
      transactionId: payment?.TransactionId,
      resultCode: answer.ResultCode,
      isPaid: answer.PaymentSuccessful && answer.ResultCode === 10200,
      totalAmount: payment?.TotalAmount,
      created: payment && new Date(`${payment.Created}Z`),
    }
  }
}
