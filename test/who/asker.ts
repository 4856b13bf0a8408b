/**
 * A client that asks a running broker, over the wire, and reads the JSON that comes back.
 */
import type { PublishFields } from '../../src/protocol/index.ts'
import type { TestBroker } from '../support/test-broker.ts'
import type { ConnectFields, WireClient } from '../support/wire-client.ts'

export interface Answer {
  readonly type: string
  readonly atMs: number
  readonly totals: Readonly<Record<string, number>>
  readonly subscribers: readonly Readonly<Record<string, unknown>>[]
  readonly clients: readonly Readonly<Record<string, unknown>>[]
  readonly groups: readonly Readonly<Record<string, unknown>>[]
  readonly topics: readonly Readonly<Record<string, unknown>>[]
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly messages: readonly Readonly<Record<string, unknown>>[]
  readonly cursor: string | null
  readonly message?: { readonly topic: string }
  readonly error?: { readonly found: string; readonly expected: string; readonly advice: string }
  readonly missingPermission?: string
}

export class Asker {
  readonly client: WireClient
  #packetId = 0

  static async open(broker: TestBroker, version: 4 | 5, fields: ConnectFields = {}): Promise<Asker> {
    const asker = new Asker(await broker.client(version, fields))
    await asker.client.subscribe('$pabal/who/1/reply', { qos: 1 })
    return asker
  }

  constructor(client: WireClient) {
    this.client = client
  }

  /** Asks and returns the Reason Code of PUBACK; the answer is for `answer` to read. */
  async send(payload: string | object, fields: Partial<PublishFields> = {}): Promise<number> {
    this.#packetId += 1
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
    const request = { topicName: '$pabal/who/1', payload: Buffer.from(text), qos: 1, packetId: this.#packetId } as const
    this.client.publish({ ...request, ...fields })
    return (await this.client.next('puback')).reasonCode
  }

  async answer(): Promise<Answer> {
    const message = await this.client.message()
    if (message.qos === 1) this.client.acknowledge('puback', message.packetId)
    return JSON.parse(message.text)
  }

  /** The same form for every request name: its answers come on the one reply that is subscribed to. */
  async ask(payload: string | object, name = 'who'): Promise<Answer> {
    const isFive = this.client.version === 5
    const reply = { topicName: `$pabal/${name}`, properties: { responseTopic: '$pabal/who/1/reply' } }
    await this.send(payload, isFive ? reply : {})
    return this.answer()
  }
}
