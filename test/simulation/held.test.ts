/**
 * Held messages and dead letters across crashes, whatever clients and operators do: each reaches one consumer, once.
 *
 * PABAL_SEED repeats the run of one seed, PABAL_RUNS changes how many there are.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../src/core/connection/connection.ts'
import type { ControlPacket } from '../../src/protocol/control-packet.ts'
import { publish } from '../../src/protocol/packets/publish.ts'
import { makeChance } from '../support/chance.ts'
import { connectPacket } from '../support/driven-core.ts'
import { brokerOptions } from './cast.ts'
import { HeldRun } from './held.ts'
import { SimulatedDriver } from './simulated-driver.ts'

const runs = Number(process.env.PABAL_RUNS ?? 300)
const only = process.env.PABAL_SEED

function simulate(seed: number): void {
  const run = new HeldRun(seed)
  try {
    run.run(400)
    run.finish()
  } catch (error) {
    const steps = run.driver.steps.slice(-60).join('\n')
    throw new Error(`PABAL_SEED=${seed} repeats this. The last steps:\n${steps}`, { cause: error })
  }
}

test('what was held reaches one consumer, once and in order, across crashes', () => {
  if (only !== undefined) simulate(Number(only))
  else for (let seed = 1; seed <= runs; seed++) simulate(seed)
})

test('a crash in the middle of a drain: the rest goes into the same Session, though its client is away', () => {
  const options = brokerOptions(makeChance(1), { asksAuthorization: false, hasShortQueues: false, isDurable: true })
  const driver = new SimulatedDriver({ ...options, topicRules: [{ filter: '#', whenNobody: 'hold' }] })
  const link = { receive: () => undefined }
  const origin = { remoteAddress: '', listener: '', tellsPublisher: true, assignedClientIdentifier: '' }
  const give = (packet: ControlPacket, connection: Connection): void => {
    driver.input((core, nowMs, turn) => core.receive(connection, packet, nowMs, turn))
    driver.run()
  }
  const connect = (clientIdentifier: string): Connection => {
    const connection = driver.core.open(link, origin, driver.nowMs)
    give(connectPacket(clientIdentifier, {}), connection)
    return connection
  }
  const publisher = connect('p')
  for (let number = 0; number < 300; number++) {
    driver.input((core) => core.acknowledgementLeft(publisher))
    const properties = { userProperties: [['label', `${number}`] as const] }
    give(publish({ topicName: `t/${number}`, qos: 1, packetId: number + 1, properties }), publisher)
  }
  const subscriber = connect('s')
  const request = { topicFilter: 't/+', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  give({ type: 'subscribe', packetId: 1, subscriptions: [request], properties: {} }, subscriber)
  driver.makeDurable(driver.waitingTurns)
  assert.ok(driver.core.state.held.count > 0, 'one slice does not do for all of them')
  const restore = driver.crash()
  driver.input((_, nowMs, turn) => restore.finish(nowMs, turn))
  driver.run()
  const { state } = driver.core
  assert.deepEqual([state.held.count, state.drains.isEmpty], [0, true])
  const session = state.sessions.get('', 's')
  assert.equal(session?.outbound.queuedMessages, 300)
})
