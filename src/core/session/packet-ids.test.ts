import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PacketIds } from './packet-ids.ts'

test('Packet Identifiers count from 1 and begin again after 65,535, never with 0', () => {
  const packetIds = new PacketIds()
  const none = { isTaken: () => false }
  for (let expected = 1; expected <= 65_535; expected++) assert.equal(packetIds.next(none), expected)
  assert.equal(packetIds.next(none), 1)
})

test('[MQTT-2.2.1-3] one in use is passed over, however many there are', () => {
  const packetIds = new PacketIds()
  const inUse = { isTaken: (packetId: number) => packetId !== 40_000 }
  assert.equal(packetIds.next(inUse), 40_000)
  assert.equal(packetIds.next(inUse), 40_000)
})
