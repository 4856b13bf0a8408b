/**
 * Two or three clients at once, whose packets are damaged in the end: Pabal, mosquitto and our model agree, or there is a reason.
 *
 * PABAL_FUZZ_PLAYS changes the number, PABAL_SEED the seed.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { firstDifference, firstFault, intended, merged, reasonFor } from './compare.ts'
import type { Play } from './play.ts'
import { comparePlays, playOf } from './plays.ts'

const count = Number(process.env.PABAL_FUZZ_PLAYS ?? 60)
const seed = Number(process.env.PABAL_SEED ?? 1)

test(`MBFuzzer (USENIX Security 2025): ${count} plays: Pabal gives what the model owes, and differs from mosquitto only where it says why`, async () => {
  const { steps, faults } = await comparePlays(seed, count)
  assert.deepEqual(faults, [], `first seed ${seed}`)
  assert.ok(steps > 5 * count)
})

test('every difference that is meant to be names a statement of the standard, and says why', () => {
  const statements = ['v5', 'v3.1.1'].map((version) =>
    readFileSync(new URL(`../../conformance/statements-${version}.tsv`, import.meta.url), 'utf8'),
  )
  for (const { name, statement, reason } of intended) {
    assert.ok(name.length > 0 && reason.length > 20)
    assert.ok(
      statements.some((text) => text.includes(statement.replace('MQTT3-', 'MQTT-'))),
      statement,
    )
  }
})

const oneStep: Play = {
  versions: [5],
  steps: [{ client: 0, what: 'publish', bytes: null, opens: false, isCut: false, owed: [["publish 'm1' QoS 1"]] }],
}

test('a message that only one of the two brokers delivers is a difference without a reason', () => {
  const difference = firstDifference(oneStep, [[["publish 'm1' QoS 1"]]], [[[]]], '')
  assert.equal(difference?.onlyPabal, "publish 'm1' QoS 1")
  assert.equal(difference === null ? null : reasonFor(difference), null)
  const other = firstDifference(oneStep, [[[]]], [[["publish 'm1' QoS 1"]]], '')
  assert.equal(other === null ? null : reasonFor(other), null)
})

test('a connection that only Pabal closes is a difference without a reason, unless its reason is listed', () => {
  const sent = { ...oneStep, steps: oneStep.steps.map((step) => ({ ...step, what: 'send 00' })) }
  const difference = (closed: string) => firstDifference(sent, [[['closed']]], [[[]]], closed) ?? assert.fail()
  assert.equal(reasonFor(difference('a mood')), null)
  assert.equal(reasonFor(difference('SUBACK cannot come from a client'))?.statement, 'MQTT-4.13.1-1')
})

test('a copy that is missing, twice or at another QoS is a fault by the model', () => {
  for (const given of [[], ["publish 'm1' QoS 1", "publish 'm1' QoS 1"], ["publish 'm1' QoS 0"]]) {
    assert.match(firstFault(oneStep, [[given]]) ?? '', /owed .* given/)
  }
  assert.equal(firstFault(oneStep, [[["publish 'm1' QoS 1"]]]), null)
})

test('copies for several Subscriptions are compared as one with the highest QoS and every identifier', () => {
  const copies = ["publish 'm1' QoS 0 by 4", "publish 'm1' QoS 2 by 3", 'puback 1']
  assert.deepEqual(merged(copies), ['puback 1', "publish 'm1' QoS 2 by 3,4"])
})

test('a play is the same for the same seed', () => {
  assert.deepEqual(playOf(seed), playOf(seed))
})
