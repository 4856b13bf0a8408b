/**
 * A running broker for clients that nobody here wrote.
 */
import { type Broker, type BrokerEvents, createBroker } from '../../src/index.ts'

export interface RunningBroker extends AsyncDisposable {
  readonly broker: Broker
  readonly tcpUrl: string
  readonly port: string
  readonly webSocketUrl: string
}

export async function startBroker(): Promise<RunningBroker> {
  const broker = createBroker({ listen: ['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/mqtt'] })
  await broker.start()
  const [tcpUrl = '', webSocketUrl = ''] = broker.urls
  const port = new URL(tcpUrl).port
  return { broker, tcpUrl, port, webSocketUrl, [Symbol.asyncDispose]: () => broker.stop() }
}

/** Resolves at the next event of that name for which `isIt` holds. */
export function nextEvent<Name extends keyof BrokerEvents>(
  broker: Broker,
  name: Name,
  isIt: (...values: BrokerEvents[Name]) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const listener = (...values: BrokerEvents[Name]): void => {
      if (!isIt(...values)) return
      broker.off(name, listener)
      resolve()
    }
    broker.on(name, listener)
  })
}
