/**
 * The end of a simulation: everybody comes back and acknowledges, and then everybody must have got what they must get.
 */
import assert from 'node:assert/strict'
import { isSettled, mustArrive } from './model.ts'
import { canSend, type Simulation, sessionOf } from './simulation.ts'
import { aReturn } from './traffic.ts'

/** Lets everything come to an end, and looks whether everybody has got what they must get. */
export function finish(simulation: Simulation): void {
  simulation.driver.core.state.storeTakesMessages = true
  simulation.driver.log('everything comes to an end')
  for (let round = 0; round < 400 && !isQuiet(simulation); round++) settleRound(simulation)
  simulation.advance(200)
  simulation.driver.makeDurable(simulation.driver.waitingTurns)
  assert.ok(isQuiet(simulation), 'it does not come to an end')
  assert.equal(simulation.driver.store.head, simulation.driver.core.state.lastSeq, 'every record is durable')
  simulation.driver.expectAllDurable()
  const { state } = simulation.driver.core
  assert.equal(state.live.count, state.retained.count, 'no record is kept that nobody needs')
  assert.equal(simulation.driver.answers.length, simulation.tokens, 'the host is answered')
  for (const { model, published } of simulation.sessions.values()) {
    if (model.hasEnded) continue
    assert.equal(published.size, 0, `${model.clientIdentifier} has messages that were not acknowledged`)
    for (const owed of model.owed) {
      const { qos, message } = owed
      const { label, topicName } = message
      const text = `message ${label} on ${topicName} at QoS ${qos} has not reached ${model.clientIdentifier}`
      assert.ok(isSettled(owed, model, simulation.driver.nowMs), text)
    }
  }
  for (const group of simulation.model.owedToGroups) {
    const isMissing = group.arrivals === 0 && mustArrive(group, simulation.driver.nowMs)
    assert.ok(!isMissing, `message ${group.message.label} has reached nobody of ${group.topicFilter}`)
  }
}

function settleRound(simulation: Simulation): void {
  while (simulation.unnoticed.length > 0) simulation.notice()
  while (simulation.driver.questions.length > 0) simulation.answer()
  while (simulation.driver.loads.length > 0) simulation.driver.load(0)
  for (const client of simulation.clients) {
    const { link } = client
    const model = simulation.model.sessions.get(client.clientIdentifier)
    if (link !== null && canSend(link)) {
      link.isSlow = false
      for (let count = link.toAcknowledge.length; count > 0; count--) simulation.acknowledge(client, link)
    } else if (model !== undefined && !(link?.connection?.isWaiting === true)) {
      simulation.connect(client, aReturn(simulation.chance, client))
    }
  }
  simulation.endTurn()
  simulation.driver.makeDurable(simulation.driver.waitingTurns)
}

function isQuiet(simulation: Simulation): boolean {
  const { waitingTurns, questions, loads, core } = simulation.driver
  if (waitingTurns + questions.length + loads.length + simulation.unnoticed.length > 0) return false
  for (const { link } of simulation.clients) {
    if (link === null || !canSend(link)) continue
    if (link.toAcknowledge.length + sessionOf(link).published.size > 0) return false
  }
  for (const { outbound, isOnline } of core.state.sessions.values()) {
    if (!isOnline || outbound.inFlightMessages + outbound.queuedMessages > 0) return false
  }
  return true
}
