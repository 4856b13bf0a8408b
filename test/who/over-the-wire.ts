/**
 * A real broker with very many Subscriptions, asked over TCP while other clients go on talking.
 */
import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'
import { Asker } from './asker.ts'

export interface OverTheWire {
  /** From the request to its answer: the median of twenty. */
  readonly firstPageMs: number
  readonly rowsRead: number
  /**
   * What 99 of 100 QoS 1 messages between two others took at most, while all pages were read; and before that. The last one is
   * left to the collection of garbage, which with so many objects has its own time.
   */
  readonly trafficMs: number
  readonly quietTrafficMs: number
}

const topicName = 'all/news'

/** So many clients, each a member of so many shared groups of one Topic Name. */
export async function measureOverTheWire(clients: number, groups: number, pages: number): Promise<OverTheWire> {
  await using running = await startTestBroker({ limits: { requestsPerSecondMax: 1_000_000 } })
  for (let number = 0; number < clients; number++) await joinGroups(running, groups)
  const talkers = await talk(running)
  for (let count = 0; count < 200; count++) await talkers.message()
  const quietTrafficMs = talkers.nearWorstMs()
  const asker = await Asker.open(running, 5)
  const firstPages: number[] = []
  for (let count = 0; count < 20; count++) {
    const begin = performance.now()
    const { totals, subscribers } = await asker.ask({ topic: topicName })
    firstPages.push(performance.now() - begin)
    assert.deepEqual([totals.subscriptions, totals.listeners, subscribers.length], [clients * groups, groups, 100])
  }
  let isReading = true
  const talking = (async () => {
    while (isReading) await talkers.message()
  })()
  const rowsRead = await readPages(asker, pages)
  isReading = false
  await talking
  const trafficMs = talkers.nearWorstMs()
  return { firstPageMs: median(firstPages), rowsRead, trafficMs, quietTrafficMs }
}

export function median(times: readonly number[]): number {
  return [...times].sort((one, other) => one - other)[times.length >> 1] ?? 0
}

async function joinGroups(running: TestBroker, groups: number): Promise<void> {
  const client = await running.client(5)
  const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  const subscriptions = Array.from({ length: groups }, (_, group) => {
    return { topicFilter: `$share/g${group}/${topicName}`, ...options }
  })
  client.send({ type: 'subscribe', packetId: 1, subscriptions, properties: {} })
  await client.next('suback')
}

async function readPages(asker: Asker, pages: number): Promise<number> {
  let rows = 0
  let answer = await asker.ask({ topic: topicName, limit: 1000 })
  for (let page = 0; page < pages; page++) {
    rows += answer.subscribers.length
    if (answer.cursor === null) break
    answer = await asker.ask({ cursor: answer.cursor, limit: 1000 })
  }
  return rows
}

interface Talkers {
  /** One message from one to the other. */
  message(): Promise<void>
  /** What 99 of 100 messages since the last call took at most. */
  nearWorstMs(): number
}

async function talk(running: TestBroker): Promise<Talkers> {
  const [speaker, hearer]: readonly WireClient[] = [await running.client(5), await running.client(5)]
  assert.ok(speaker !== undefined && hearer !== undefined)
  await hearer.subscribe('talk', { qos: 1 })
  let times: number[] = []
  return {
    async message() {
      const begin = performance.now()
      speaker.publish({ topicName: 'talk', qos: 1, packetId: 1 })
      const { packetId } = await hearer.next('publish')
      hearer.acknowledge('puback', packetId)
      await speaker.next('puback')
      times.push(performance.now() - begin)
    },
    nearWorstMs() {
      const found = times.sort((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? 0
      times = []
      return found
    },
  }
}
