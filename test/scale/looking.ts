/**
 * What it costs to look at a broker that has much to show: the overview with many clients, lists with many Topic Names.
 */
import assert from 'node:assert/strict'
import { startApi, type TestApi } from '../admin/api.ts'
import { stat } from '../browser/rows.ts'
import { startDashboard } from '../browser/support.ts'
import type { WireClient } from '../support/wire-client.ts'
import { Asker } from '../who/asker.ts'
import { memoryInUse } from './sizes.ts'

/** Connects, or publishes, at one time. */
const atOnce = 250
const looks = 5

/** So many clients that do nothing. Two open files each, because both ends are in this process. */
export async function connectClients(api: TestApi, count: number): Promise<readonly WireClient[]> {
  const clients: WireClient[] = []
  while (clients.length < count) {
    const more = Array.from({ length: Math.min(atOnce, count - clients.length) }, () => api.at.client(5))
    clients.push(...(await Promise.all(more)))
  }
  return clients
}

export interface Looked {
  readonly overviewSeconds: number
  readonly clientsSeconds: number
}

/** The longest of some looks at the overview and at the first page of the list of clients. */
export async function measureOverview(count: number): Promise<Looked> {
  await using api = await startApi()
  const clients = await connectClients(api, count)
  const overview = await longest(() => api.get('/overview'))
  assert.equal(overview.answer.body.connections, count)
  const page = await longest(() => api.get('/clients?limit=100'))
  assert.equal(page.answer.body.data.length, Math.min(count, 100))
  for (const client of clients) client[Symbol.dispose]()
  return { overviewSeconds: overview.seconds, clientsSeconds: page.seconds }
}

/**
 * Seconds from an empty window until the dashboard's first page shows how many clients there are, the longest of some; and that it shows
 * by itself when one has left.
 */
export async function measureDashboard(count: number): Promise<number> {
  await using dashboard = await startDashboard()
  const [first, ...clients] = await connectClients(dashboard.api, count)
  let seconds = 0
  for (let look = 0; look < looks; look++) {
    const beganMs = performance.now()
    const { page, context } = await dashboard.show('overview')
    await stat(page, 'Connections', count.toLocaleString('en'))
    if (look > 0) seconds = Math.max(seconds, (performance.now() - beganMs) / 1000)
    if (look < looks - 1) await context.close()
    else {
      first?.[Symbol.dispose]()
      await stat(page, 'Connections', (count - 1).toLocaleString('en'))
    }
  }
  for (const client of clients) client[Symbol.dispose]()
  return seconds
}

export interface LookedAtTopics {
  readonly bytesEach: number
  readonly pageSeconds: number
  /** Of those with the most messages, for which all are looked at. */
  readonly busiestSeconds: number
  /** Of a Topic Filter that only the last one matches. */
  readonly filterSeconds: number
  /** Processor time of the longest turn of the event loop while one of those answers was made: so long nobody else was served. */
  readonly stallSeconds: number
  /**
   * No longer than this in most of the looks. A turn that is long for its own work is long in each look; the machine, whose absence counts as processor
   * time, and V8's collections are in one or another.
   */
  readonly usualStallSeconds: number
  /** Turns of the event loop that an answer for which all are looked at is shared out to, at least. */
  readonly busiestTurns: number
}

export async function measureTopics(names: number): Promise<LookedAtTopics> {
  await using api = await startApi({ limits: { topicsSeenMax: names } }, { afterTurn: () => {} })
  const asker = await Asker.open(api.at, 5)
  const { broker } = api.at
  const memoryBefore = memoryInUse()
  for (let first = 0; first < names; first += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, names - first) }, (_, index) => nameOf(first + index))
    await Promise.all(some.map((topicName) => broker.publish({ topicName, qos: 0 })))
  }
  const bytesEach = (memoryInUse() - memoryBefore) / names
  using turns = new LongestTurn()
  const page = await longest(() => api.get('/topics?limit=100'), turns)
  assert.deepEqual([page.answer.body.data.length, page.answer.body.about.seen], [100, names])
  const busiest = await longest(() => asker.ask({ busiest: 100 }, 'topics'), turns)
  assert.equal(busiest.answer.topics.length, Math.min(names, 100))
  const last = encodeURIComponent(nameOf(names - 1))
  const filtered = await longest(() => api.get(`/topics?filter=${last}`), turns)
  assert.equal(filtered.answer.body.data.length, 1)
  return {
    bytesEach,
    pageSeconds: page.seconds,
    busiestSeconds: busiest.seconds,
    filterSeconds: filtered.seconds,
    stallSeconds: Math.max(page.stallSeconds, busiest.stallSeconds, filtered.stallSeconds),
    busiestTurns: busiest.turns,
    usualStallSeconds: Math.max(page.usualStallSeconds, busiest.usualStallSeconds, filtered.usualStallSeconds),
  }
}

/** Looks at the processor time of this thread in every turn of the event loop; how busy the machine is otherwise does not matter. */
class LongestTurn implements Disposable {
  #processorSeconds = 0
  #turns = 0
  #before = process.threadCpuUsage()
  #next = setImmediate(() => this.#look())

  #look(): void {
    // Linux brings the time of a thread up to date when it is asked for that of all; else it lags by up to 4 ms.
    process.cpuUsage()
    const now = process.threadCpuUsage()
    const used = now.user + now.system - this.#before.user - this.#before.system
    this.#processorSeconds = Math.max(this.#processorSeconds, used / 1e6)
    this.#before = now
    this.#turns += 1
    this.#next = setImmediate(() => this.#look())
  }

  /** Of the turns since this was last asked. */
  take(): { readonly seconds: number; readonly turns: number } {
    const taken = { seconds: this.#processorSeconds, turns: this.#turns }
    this.#processorSeconds = 0
    this.#turns = 0
    return taken
  }

  [Symbol.dispose](): void {
    clearImmediate(this.#next)
  }
}

function nameOf(index: number): string {
  return `site/${index % 100}/device/${index}/state`
}

interface Measured<Answer> {
  readonly seconds: number
  readonly answer: Answer
  readonly stallSeconds: number
  readonly usualStallSeconds: number
  readonly turns: number
}

const noTurns = { seconds: 0, turns: 0 }

async function longest<Answer>(
  look: () => Promise<Answer>,
  turns: LongestTurn | null = null,
): Promise<Measured<Answer>> {
  // The first one of all makes the routes and the schemas.
  let answer = await look()
  let seconds = 0
  const taken = [turns?.take() ?? noTurns]
  for (let count = 0; count < looks; count++) {
    const beganMs = performance.now()
    answer = await look()
    seconds = Math.max(seconds, (performance.now() - beganMs) / 1000)
    taken.push(turns?.take() ?? noTurns)
  }
  const stalls = taken.map((each) => each.seconds).sort((a, b) => a - b)
  return {
    seconds,
    answer,
    stallSeconds: stalls.at(-1) ?? 0,
    usualStallSeconds: stalls[(looks + 1) >> 1] ?? 0,
    turns: Math.min(...taken.map((each) => each.turns)),
  }
}
