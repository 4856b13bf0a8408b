import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAhead, PacketIds } from './packet-ids.ts'

test('Packet Identifiers count from 1 and begin again after 65,535, never with 0', () => {
  const packetIds = new PacketIds()
  const none = { isTaken: () => false }
  for (let expected = 1; expected <= 65_535; expected++) assert.equal(packetIds.next(none, 0), expected)
  assert.equal(packetIds.next(none, 0), 1)
})

test('[MQTT-2.2.1-3] one in use is passed over, however many there are', () => {
  const packetIds = new PacketIds()
  const inUse = { isTaken: (packetId: number) => packetId !== 40_000 }
  assert.equal(packetIds.next(inUse, 0), 40_000)
  assert.equal(packetIds.next(inUse, 0), 40_000)
})

test('the preferred one is taken if it is ahead and free, and counting goes on behind it', () => {
  const packetIds = new PacketIds()
  const inUse = { isTaken: (packetId: number) => packetId === 200 }
  assert.equal(packetIds.next(inUse, 100), 100)
  assert.equal(packetIds.next(inUse, 0), 101)
  assert.equal(packetIds.next(inUse, 100), 102, 'it has been used')
  assert.equal(packetIds.next(inUse, 200), 103, 'it is in use')
  assert.equal(packetIds.next(inUse, 40_000), 104, 'more than half the way round is behind')
})

test('what is ahead goes on behind 65,535', () => {
  assert.equal(isAhead(3, 65_530), true)
  assert.equal(isAhead(65_530, 3), false)
  assert.equal(isAhead(7, 7), false)
})
