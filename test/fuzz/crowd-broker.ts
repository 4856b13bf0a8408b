/**
 * A broker for a crowd: looks at its state after every Turn, and says at the end whether anything is left of those who were there.
 */
import assert from 'node:assert/strict'
import { queryObjects, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Connection } from '../../src/core/connection/connection.ts'
import { Message } from '../../src/core/message.ts'
import { Copy } from '../../src/core/session/copy.ts'
import { Session } from '../../src/core/session/session.ts'
import type { CoreState } from '../../src/core/state.ts'
import { OutgoingPublish } from '../../src/core/turn.ts'
import { ClientLink } from '../../src/server/client-link.ts'
import { makeChance } from '../support/chance.ts'
import { expectCounters, expectLedger } from '../support/ledger.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { crowd, SharedIdentity } from './crowd.ts'

const clients = 50
const identifiers = 5
/** Looking at every Session each time would be most of the work. */
const turnsPerCount = 500
const queuedMost = 500

setFlagsFromString('--expose-gc')
// Code that V8 throws away between the two counts would hide what was added.
setFlagsFromString('--no-flush-bytecode')
// Node has no type for what the flag makes.
const collect = runInNewContext('gc') as () => void

/** Bytes alive after two collections, of broker and clients together. */
function aliveBytes(): number {
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

export interface CrowdReport {
  readonly published: number
  readonly received: number
  readonly turns: number
  /** After the first half and after the second, with nobody there. */
  readonly aliveBytes: readonly number[]
}

/** Two halves of the time; between them, and at the end, everybody leaves and every Session is ended. */
export async function runCrowd(seed: number, milliseconds: number): Promise<CrowdReport> {
  let turns = 0
  let state: CoreState | null = null
  const afterTurn = (core: { readonly state: CoreState }): void => {
    state = core.state
    turns += 1
    expectLedger(core.state)
    assert.ok(core.state.sessions.size <= identifiers + 1, `${core.state.sessions.size} Sessions`)
    assert.ok(core.state.underWay.queued <= identifiers * queuedMost, `${core.state.underWay.queued} queued`)
    if (turns % turnsPerCount === 0) expectCounters(core.state)
  }
  // Small enough to be full in the first half.
  const small = { clientHistoryEventsMax: 100, fateLogMessagesMax: 100, sysIntervalSeconds: 0 }
  const limits = { sessionQueueMessagesMax: queuedMost, unsentBytesMax: 65_536, ...small }
  await using running = await startTestBroker({ limits }, { afterTurn })
  const port = Number(new URL(running.url).port)
  const chance = makeChance(seed)
  const alive: number[] = []
  let [published, received] = [0, 0]
  for (let half = 0; half < 2; half++) {
    const identities = Array.from({ length: identifiers }, (_, at) => new SharedIdentity(`shared${at}`))
    await endSessions(running, identities)
    const result = await crowd(port, identities, clients, milliseconds / 2, chance)
    published += result.published
    received += result.received
    await endSessions(running, identities)
    const after = state ?? assert.fail('there was no Turn')
    expectCounters(after)
    expectNothingLeft(after)
    alive.push(aliveBytes())
    expectNoneAlive(after)
  }
  return { published, received, turns, aliveBytes: alive }
}

async function endSessions(
  running: Awaited<ReturnType<typeof startTestBroker>>,
  identities: readonly SharedIdentity[],
): Promise<void> {
  for (const { name } of identities) {
    // Whoever is there under that name is taken over, and its Session ends with this connection.
    const client = await running.client(5, { clientIdentifier: name, cleanStart: true })
    const gone = running.event('disconnected', ({ clientIdentifier }) => clientIdentifier === name)
    await client.leave()
    await gone
  }
}

function expectNothingLeft({
  sessions,
  connections,
  subscriptions,
  underWay,
  deadlines,
  parkedBytes,
}: CoreState): void {
  assert.deepEqual(
    { sessions: sessions.size, connections: connections.size, subscriptions: subscriptions.count },
    { sessions: 0, connections: 0, subscriptions: 0 },
  )
  assert.deepEqual([underWay.inFlight, underWay.queued, parkedBytes], [0, 0, 0])
  assert.ok(deadlines.size < 20 * clients, `${deadlines.size} deadlines`)
}

/** Object by object, whatever the caches hold. */
function expectNoneAlive({ recipientSets }: CoreState): void {
  const alive = (kind: Parameters<typeof queryObjects>[0]) => queryObjects(kind, { format: 'count' })
  assert.deepEqual([Copy, OutgoingPublish, Message].map(alive), [0, 0, 0])
  // Those that left last.
  for (const kind of [Connection, ClientLink]) assert.ok(alive(kind) <= identifiers, `${alive(kind)} ${kind.name}`)
  const [sessions, kept] = [alive(Session), recipientSets.members + identifiers]
  assert.ok(sessions <= kept, `${sessions} Sessions, of which the recipient sets keep no more than ${kept}`)
}
