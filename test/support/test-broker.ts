/**
 * A running broker whose clock the test moves.
 */
import { type Broker, type BrokerOptions, createBroker } from '../../src/index.ts'
import type { BrokerEvents } from '../../src/server/host-events.ts'
import type { BrokerParts } from '../../src/server/shell-owner.ts'
import { expectLedger } from './ledger.ts'
import { type ConnectFields, openWire, type WireClient } from './wire-client.ts'

export interface TestBroker extends AsyncDisposable {
  readonly broker: Broker
  readonly url: string
  advanceBy(seconds: number): void
  open(version: 4 | 5): Promise<WireClient>
  /** Opens and connects. */
  client(version: 4 | 5, fields?: ConnectFields): Promise<WireClient>
  /** Resolves when the broker next reports such an event, of those that `matches` accepts. */
  event<Name extends keyof BrokerEvents>(
    name: Name,
    matches?: (...values: BrokerEvents[Name]) => boolean,
  ): Promise<void>
  /** Breaks a connection without DISCONNECT; resolves when the broker has noticed. */
  lose(client: WireClient): Promise<void>
}

/** For tests in which hours pass at once: clients that say nothing meanwhile are not given up. */
export const patient: BrokerOptions = { limits: { keepAliveSecondsMax: 0 } }

export async function startTestBroker(options: BrokerOptions = {}, parts: BrokerParts = {}): Promise<TestBroker> {
  let aheadMs = 0
  const clock = () => Date.now() + aheadMs
  const broker = createBroker(
    { listen: ['tcp://127.0.0.1:0'], ...options },
    { clock, afterTurn: ({ state }) => expectLedger(state), ...parts },
  )
  await broker.start()
  const [url = ''] = broker.urls
  const open = (version: 4 | 5) => openWire(url, version)
  const event: TestBroker['event'] = (name, matches = () => true) =>
    new Promise((resolve) => {
      const listener = (...values: BrokerEvents[typeof name]): void => {
        if (!matches(...values)) return
        broker.off(name, listener)
        resolve()
      }
      broker.on(name, listener)
    })
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
    event,
    async lose(client) {
      const noticed = event('disconnected', ({ remoteAddress }) => remoteAddress === client.address)
      client[Symbol.dispose]()
      await noticed
    },
    [Symbol.asyncDispose]: () => broker.stop(),
  }
}
