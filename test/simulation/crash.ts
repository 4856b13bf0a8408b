/**
 * A crash in a simulation: what is not durable never happened, and the model is told so.
 *
 * The state made again is compared with the records before anything here looks at it, and every acknowledgement was checked
 * against the records when it came: so what the state holds now is what was promised, and the model goes on from there. What a
 * client is owed stays owed if it was written down for it.
 */
import assert from 'node:assert/strict'
import { neverExpires, type Session } from '../../src/core/session/session.ts'
import type { WillMessage } from '../../src/protocol/control-packet.ts'
import { type Chance, pick } from '../support/chance.ts'
import { copiesOf, type HeldCopy, recordedSessions } from './held-copies.ts'
import { isSameForm, type ModelMessage, type ModelSession, type Owed } from './model.ts'
import type { Replayed, WrittenCopy } from './replayed.ts'
import type { ClientSession } from './simulated-link.ts'
import type { Simulation } from './simulation.ts'
import { labelOf } from './traffic.ts'

/** What happens to a durable broker besides what clients do. */
export function stepOfStore(simulation: Simulation, chance: Chance): void {
  const { driver } = simulation
  const roll = chance(100)
  const downMs = pick(chance, [0, 0, 1500, 8000, 60_000])
  if (roll === 0) (chance(2) === 0 ? crash : restart)(simulation, downMs)
  else if (roll === 1) crash(simulation, downMs)
  else if (roll < 20) driver.snapshot()
  else if (roll < 40) driver.load(chance(driver.loads.length))
  else if (roll < 50) driver.expectAllDurable()
}

/** Everything stops at once; `downMs` later the broker starts again. */
function crash(simulation: Simulation, downMs: number): void {
  const { driver, model } = simulation
  simulation.cutOff()
  const restore = driver.crash()
  driver.nowMs += downMs
  const restored = recordedSessions(driver.core.state)
  const wereOnline = takeUp(simulation, restored)
  forgetUnwrittenOfGroups(simulation)
  for (const client of simulation.sessions.values()) forgetUnwritten(simulation, client, restored, wereOnline)
  model.retained.clear()
  for (const retained of driver.core.state.retained.all()) {
    const message = model.messages.get(labelOf(retained.toMessage().publish))
    assert.ok(message !== undefined)
    model.retained.set(retained.topicName, message)
  }
  for (const session of [...model.sessions.values()]) {
    if (wereOnline.has(session)) model.detach(session, false, driver.nowMs)
    else model.advanceSession(session, driver.nowMs)
  }
  driver.input((_, nowMs, turn) => restore.finish(nowMs, turn))
  driver.run()
}

/** The broker is told to stop, and starts again. */
function restart(simulation: Simulation, downMs: number): void {
  const { driver, model } = simulation
  for (const session of model.sessions.values()) if (!session.survives) model.giveUpShares(session)
  driver.stop()
  crash(simulation, downMs)
}

/** The model has the Sessions that were durable, as they were. Returns those whose clients were connected. */
function takeUp(simulation: Simulation, restored: ReadonlyMap<number, Session>): Set<ModelSession> {
  const { model } = simulation
  const byNumber = new Map([...simulation.sessions.keys()].map((session) => [session.number, session]))
  for (const session of model.sessions.values()) {
    session.will = null
    session.hasEnded = true
  }
  model.sessions.clear()
  const wereOnline = new Set<ModelSession>()
  for (const [number, session] of restored) {
    const known = byNumber.get(number)
    assert.ok(known !== undefined, `nobody knows Session ${number} of ${session.clientIdentifier}`)
    model.sessions.set(known.clientIdentifier, known)
    takeUpSession(known, session)
    const { endsAtMs, willAtMs } = session
    if (endsAtMs === Number.POSITIVE_INFINITY && willAtMs === Number.POSITIVE_INFINITY) wereOnline.add(known)
  }
  return wereOnline
}

function takeUpSession(known: ModelSession, session: Session): void {
  const { expiryInterval, subscriptions, inboundPacketIds, will, endsAtMs, willAtMs } = session
  known.hasEnded = false
  known.isOnline = false
  known.expiryInterval = expiryInterval
  known.endsAtMs = endsAtMs
  known.willAtMs = willAtMs
  known.will = will === null ? null : () => willMessage(will, known)
  known.willDelaySeconds = will?.properties.willDelayInterval ?? 0
  known.subscriptions.clear()
  for (const [topicFilter, { options, subscriptionIdentifiers }] of subscriptions) {
    known.subscriptions.set(topicFilter, { ...options, topicFilter, identifier: subscriptionIdentifiers?.[0] ?? 0 })
  }
  known.inbound.clear()
  for (const packetId of inboundPacketIds ?? []) known.inbound.add(packetId)
}

export function willMessage(will: WillMessage, publisher: ModelSession): ModelMessage {
  const { topicName, qos, retain } = will
  const kind = { isEmpty: false, isLarge: false, isWill: true, expiresMs: Number.POSITIVE_INFINITY }
  return { topicName, qos, retain, label: labelOf(will), publisher, ...kind }
}

/** What was owed to a client and not written down is lost; what is written down and not over comes, perhaps again. */
function forgetUnwritten(
  simulation: Simulation,
  client: ClientSession,
  restored: ReadonlyMap<number, Session>,
  wereOnline: ReadonlySet<ModelSession>,
): void {
  const { durable } = simulation.driver
  const { model } = client
  const session = restored.get(model.number)
  const copies = session?.survives === true ? copiesOf(session, durable.qosOf) : new Map<number, HeldCopy>()
  const unacknowledged = new Set([...client.underWay.values()].map(({ owed }) => owed))
  const rejected = new Set([...client.rejected].map(({ owed }) => owed))
  const seen = new Set<WrittenCopy>()
  for (const owed of model.owed) {
    if (owed.qos === 0) owed.mayBeMissing = true
    if (owed.qos === 0 || owed.isLost) continue
    const written = durable.copiesWritten(owed.message.label).find((each) => {
      const isOwn = each.session === model.number && each.sharedFilter === null && !seen.has(each)
      return isOwn && each.qos === owed.qos && isSameForm(owed, each)
    })
    if (written === undefined) {
      owed.isLost = true
      owed.mayBeMissing = true
      continue
    }
    seen.add(written)
    // What is in flight under a Packet Identifier that is written down is always sent again.
    if (owed.qos === 1) owed.mustBeDup = false
    const copy = copies.get(written.order)
    if (copy === undefined || !owed.hasArrived) continue
    const isRejected = rejected.has(owed)
    // A copy that came through a shared group may look the same: then it is not known which of the two has arrived.
    if (owed.qos === 2 && !isOfGroup(durable, owed, model)) expectAssigned(owed, copy, isRejected)
    if (owed.qos === 2 && !isRejected) continue
    if (!unacknowledged.has(owed)) owed.mayBeMissing = true
    owed.hasArrived = false
    // Of a Session that never ends nothing tells whether its client was connected.
    owed.mustBeDup = isRejected || (wereOnline.has(model) && model.expiryInterval !== neverExpires)
  }
  forgetOfConnection(simulation, client)
}

function isOfGroup(durable: Replayed, { message }: Owed, { number }: ModelSession): boolean {
  return durable.copiesWritten(message.label).some((copy) => copy.session === number && copy.sharedFilter !== null)
}

/** At QoS 2 a copy that has arrived is in flight under its Packet Identifier, or it could come twice. */
function expectAssigned(owed: Owed, copy: HeldCopy, isRejected: boolean): void {
  const { label } = owed.message
  assert.ok(copy.packetId > 0, `message ${label} has arrived at QoS 2 and would come again`)
  assert.ok(!isRejected || !copy.isReceived, `message ${label} was rejected`)
}

/** Acknowledgements that were under way are lost; a QoS 1 message comes again under any Packet Identifier. */
function forgetOfConnection(simulation: Simulation, client: ClientSession): void {
  client.rejected.clear()
  for (const [packetId, { qos }] of client.underWay) if (qos === 1) client.underWay.delete(packetId)
  for (const published of client.published.values()) {
    const { message, packetId, isReleased, verdict } = published
    if (verdict === null || isReleased || message.qos === 1 || client.model.inbound.has(packetId)) continue
    // The broker has never heard of it, so it takes it for another message; so does the model.
    published.verdict = null
    published.message = { ...message, label: simulation.newLabel() }
  }
}

function forgetUnwrittenOfGroups(simulation: Simulation): void {
  const { durable } = simulation.driver
  const rejected = new Set<string>()
  for (const client of simulation.sessions.values()) for (const { label } of client.rejected) rejected.add(label)
  for (const group of simulation.model.owedToGroups) {
    const { label } = group.message
    const isWritten = durable.copiesWritten(label).some((copy) => copy.sharedFilter === group.topicFilter)
    const mayRepeat = [...group.forms.values()].some(({ qos }) => qos === 1) || rejected.has(label)
    if (!isWritten || (group.arrivals > 0 && mayRepeat)) group.mayBeMissing = true
  }
}
