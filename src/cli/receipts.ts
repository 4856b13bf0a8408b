/**
 * `pabal pub --receipt`: asks for a receipt with each message, waits for them, and says what they say.
 */
import { randomUUID } from 'node:crypto'
import type { PublishProperties } from '../protocol/control-packet.ts'
import type { Publish } from '../protocol/packets/publish.ts'

/** What of a receipt is shown; docs/operating/receipts.md has all of it. */
interface ShownReceipt {
  readonly state: string
  readonly fate: string
  readonly matched: number
  readonly delivered: number
  readonly sent: number
  readonly pending: number
  readonly failed: number
  readonly reasons: Readonly<Record<string, number>>
  readonly publishedAtMs: number
  readonly deliveredAtMs: number | null
  readonly deliveredTo?: readonly { readonly clientIdentifier: string; readonly atMs: number }[]
  readonly failedFor?: readonly { readonly clientIdentifier: string; readonly reason: string }[]
}

/** Only the Session that asks gets what is published there. */
export class Receipts {
  readonly topicName = `$pabal/receipt/${randomUUID()}/reply`
  readonly #wants: 'delivered' | 'all'
  readonly #say: (text: string) => void
  #expected = 0
  #come = 0
  #hasNobody = false
  #wake: () => void = () => {}

  constructor(wants: 'delivered' | 'all', say: (text: string) => void) {
    this.#wants = wants
    this.#say = say
  }

  /** The properties of a message, and those that ask for its receipt. The Response Topic stays the user's own. */
  asking(properties: PublishProperties): PublishProperties {
    const { userProperties = [] } = properties
    const asked: [string, string][] = [
      ['pabal-receipt', this.#wants],
      ['pabal-receipt-topic', this.topicName],
    ]
    return { ...properties, userProperties: [...userProperties, ...asked] }
  }

  /** One more message has been taken in. */
  expectOne(): void {
    this.#expected += 1
  }

  /** Something has come on the Topic Name of the receipts. */
  receive({ payload }: Publish): void {
    // Nobody but the server can publish there.
    const receipt = JSON.parse(payload.toString()) as ShownReceipt
    this.#come += 1
    if (receipt.state === 'nobody') this.#hasNobody = true
    this.#say(receiptText(receipt))
    this.#wake()
  }

  /** The exit code: 0, 16 if nobody has got one of the messages, or 27 if a receipt has not come in time. */
  async wait(seconds: number): Promise<number> {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.#wake()
    }, seconds * 1000)
    while (this.#come < this.#expected && !isLate) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    clearTimeout(timer)
    if (this.#come < this.#expected) {
      const missing = this.#expected - this.#come
      this.#say(`no receipt within ${seconds} s${missing > 1 ? ` for ${missing} messages` : ''}: ${lateText}\n`)
      return timedOut
    }
    return this.#hasNobody ? nobody : 0
  }
}

const nobody = 16
const timedOut = 27
const lateText = 'no subscriber has acknowledged yet, or the server does not give receipts'

function receiptText(receipt: ShownReceipt): string {
  const { deliveredTo = [], failedFor = [], publishedAtMs } = receipt
  const names = [
    ...deliveredTo.map((each) => `  ${quoted(each.clientIdentifier)} after ${each.atMs - publishedAtMs} ms\n`),
    ...failedFor.map((each) => `  ${quoted(each.clientIdentifier)} did not get it: ${each.reason}\n`),
  ]
  return `${headline(receipt)}\n${names.join('')}`
}

function headline(receipt: ShownReceipt): string {
  const { state, fate, matched, delivered, sent, pending, deliveredAtMs, publishedAtMs } = receipt
  if (state === 'nobody') return `nobody: ${matched === 0 ? `no subscriber (${fate})` : failures(receipt)}`
  const parts: string[] = []
  if (delivered > 0)
    parts.push(`delivered to ${delivered} of ${matched} after ${(deliveredAtMs ?? 0) - publishedAtMs} ms`)
  if (sent > 0) parts.push(`sent to ${sent} at QoS 0, which nobody acknowledges`)
  if (pending > 0) parts.push(`${pending} pending`)
  if (receipt.failed > 0) parts.push(failures(receipt))
  return parts.join('; ')
}

function failures({ failed, reasons }: ShownReceipt): string {
  const each = Object.entries(reasons).map(([reason, count]) => (count === failed ? reason : `${count} ${reason}`))
  return `${failed} did not get it (${each.join(', ')})`
}

/** Client Identifiers may hold what moves the cursor. */
function quoted(text: string): string {
  const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  return JSON.stringify(text).replace(/[\p{C}\u2028\u2029]/gu, escaped)
}
