/**
 * A running broker whose clock the test moves.
 */
import { type Broker, type BrokerOptions, createBroker } from '../../src/index.ts'
import type { BrokerParts } from '../../src/server/embedded-broker.ts'
import { type ConnectFields, openWire, type WireClient } from './wire-client.ts'

export interface TestBroker extends AsyncDisposable {
  readonly broker: Broker
  readonly url: string
  advanceBy(seconds: number): void
  open(version: 4 | 5): Promise<WireClient>
  /** Opens and connects. */
  client(version: 4 | 5, fields?: ConnectFields): Promise<WireClient>
  /** Breaks a connection without DISCONNECT; resolves when the broker has noticed. */
  lose(client: WireClient): Promise<void>
}

export async function startTestBroker(options: BrokerOptions = {}, parts: BrokerParts = {}): Promise<TestBroker> {
  let aheadMs = 0
  const clock = () => Date.now() + aheadMs
  const broker = createBroker({ listen: ['tcp://127.0.0.1:0'], ...options }, { clock, ...parts })
  await broker.start()
  const [url = ''] = broker.urls
  const open = (version: 4 | 5) => openWire(url, version)
  return {
    broker,
    url,
    open,
    advanceBy(seconds) {
      aheadMs += seconds * 1000
      broker.advance()
    },
    async client(version, fields) {
      const client = await open(version)
      const { reasonCode } = await client.connect(fields)
      if (reasonCode !== 0) throw new Error(`CONNACK ${reasonCode}`)
      return client
    },
    async lose(client) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const noticed = ({ remoteAddress }: { remoteAddress: string }): void => {
        if (remoteAddress === client.address) resolve()
      }
      broker.on('disconnected', noticed)
      client[Symbol.dispose]()
      await promise
      broker.off('disconnected', noticed)
    },
    [Symbol.asyncDispose]: () => broker.stop(),
  }
}
