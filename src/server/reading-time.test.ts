import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { quietShell } from '../../test/support/quiet-shell.ts'
import { RecordingChannel } from '../../test/support/recording-channel.ts'
import { ClientLink } from './client-link.ts'
import { ReadingTime } from './reading-time.ts'
import type { Shell } from './shell.ts'

test('behind seven milliseconds what comes in the same turn waits, and in the next one it is read again', async () => {
  let nowMs = 1000
  const reading = new ReadingTime(() => nowMs)
  assert.equal(reading.isOver, false)
  nowMs += 6
  assert.equal(reading.isOver, false)
  nowMs += 1
  assert.equal(reading.isOver, true)
  await nextTurn()
  assert.equal(reading.isOver, false)
})

test('those who wait have their turn in order, for seven milliseconds of each, and who comes later is behind them', async () => {
  let nowMs = 1000
  let turn = 0
  const reading = new ReadingTime(() => nowMs)
  const seen: string[] = []
  const waiting = (name: string, again = false) => ({
    proceed() {
      seen.push(`${turn} ${name}`)
      nowMs += 3
      if (again) reading.waitForTurn(waiting(`${name} again`), 1)
    },
  })
  for (const name of ['a', 'b', 'c', 'd', 'e']) reading.waitForTurn(waiting(name, name === 'a'), 1)
  assert.deepEqual(seen, [])
  for (turn = 1; turn < 5; turn++) await nextTurn()
  assert.deepEqual(seen, ['1 a', '1 b', '1 c', '2 d', '2 e', '2 a again'])
})

test('where a turn has spent its time those who wait have that of the next, and are not put off again', (t) => {
  const turns: (() => void)[] = []
  t.mock.method(globalThis, 'setImmediate', (go: () => void) => void turns.push(go))
  let nowMs = 1000
  const reading = new ReadingTime(() => nowMs)
  const seen: string[] = []
  assert.equal(reading.isOver, false)
  nowMs += 10
  reading.waitForTurn({ proceed: () => void seen.push('read') }, 1)
  turns.shift()?.()
  assert.deepEqual([seen, turns.length], [[], 1])
  // As if somebody had spent that of the next one, too.
  turns.shift()?.()
  assert.deepEqual([seen, turns.length], [['read'], 0])
})

test('while somebody waits, whoever comes in a later turn waits behind', async () => {
  const reading = new ReadingTime(() => 1000)
  const seen: boolean[] = []
  reading.waitForTurn({ proceed: () => void seen.push(reading.mustWait(1), reading.isOver) }, 1)
  assert.deepEqual([reading.mustWait(1), reading.isOver], [true, false])
  await nextTurn()
  assert.deepEqual([...seen, reading.mustWait(1)], [false, false, false])
})

test('no more than 16 MiB wait: behind that what is large is read at once, and only what is small waits', async () => {
  let nowMs = 1000
  const reading = new ReadingTime(() => nowMs)
  assert.equal(reading.isOver, false)
  nowMs += 10
  const mib = 1024 * 1024
  const slow = {
    proceed() {
      nowMs += 10
    },
  }
  for (let count = 0; count < 17; count++) {
    assert.deepEqual([reading.mustWait(mib), reading.isOver], [true, true])
    reading.waitForTurn(slow, mib)
  }
  assert.deepEqual([reading.mustWait(mib), reading.isOver, reading.mustWait(4096)], [false, false, true])
  await nextTurn()
  assert.deepEqual([reading.mustWait(mib), reading.isOver], [true, true])
  for (let turn = 0; turn < 17; turn++) await nextTurn()
  assert.deepEqual([reading.mustWait(mib), reading.isOver], [false, false])
})

test('one that fails does not keep the others waiting', (t) => {
  const turns: (() => void)[] = []
  t.mock.method(globalThis, 'setImmediate', (go: () => void) => void turns.push(go))
  const reading = new ReadingTime(() => 1000)
  const seen: string[] = []
  const read = { proceed: () => void seen.push('read') }
  reading.waitForTurn({ proceed: () => assert.fail('broken') }, 1)
  reading.waitForTurn(read, 1)
  assert.throws(() => turns.shift()?.(), /broken/)
  turns.shift()?.()
  reading.waitForTurn(read, 1)
  turns.shift()?.()
  assert.deepEqual([seen, turns.length], [['read', 'read'], 0])
})

const listener = { url: 'tcp://nowhere', tellsPublisher: true }
const connect = '10 0d 00 04 4d 51 54 54 04 02 00 00 00 01'
const pingreq = 'c0 00'
const publish = '30 05 00 03 61 2f 62'

test('what a client sends when the time is over is read in a later turn, in order, and it is not read on before', async () => {
  let nowMs = 1000
  const shell = quietShell({}, () => nowMs)
  const reads: string[] = []
  const channels = ['61', '62'].map((name) => {
    const channel = new RecordingChannel('client', 4)
    channel.pause = () => void reads.push('pause')
    channel.resume = () => void reads.push('resume')
    new ClientLink(channel, listener, shell)
    channel.receive(`${connect} ${name}`)
    return channel
  })
  await nextTurn()
  await nextTurn()
  const [first, second] = channels
  assert.ok(first !== undefined && second !== undefined)
  const written = () => channels.map((channel) => channel.written.map(({ type }) => type).join(' '))
  nowMs += 10
  first.receive(pingreq)
  nowMs += 10
  second.receive('82 08 00 01 00 03 61 2f 62 00')
  assert.deepEqual(reads, [], 'one chunk is kept without another word')
  second.receive(pingreq)
  assert.deepEqual(reads, ['pause'])
  const { publishReceived } = shell.core.state.traffic
  first.receive(publish)
  assert.equal(shell.core.state.traffic.publishReceived, publishReceived)
  await nextTurn()
  await nextTurn()
  assert.deepEqual(reads, ['pause', 'resume'])
  assert.deepEqual(written(), ['connack pingresp', 'connack pingresp suback publish'])
})

test('many packets in one chunk are read for no longer than that either', async () => {
  let nowMs = 1000
  const shell = quietShell({}, () => nowMs++)
  const channel = new RecordingChannel('client', 4)
  const link = new ClientLink(channel, listener, shell)
  channel.receive(`${connect} 61`)
  await nextTurn()
  const { traffic } = shell.core.state
  channel.receive(publish.repeat(2000))
  const counts = [traffic.publishReceived]
  while (traffic.publishReceived < 2000) {
    await nextTurn()
    counts.push(traffic.publishReceived)
  }
  const steps = counts.map((count, turn) => count - (counts[turn - 1] ?? 0))
  // It is looked at the clock behind 64 of them, and every look takes a millisecond.
  assert.ok(Math.max(...steps) < 1000, `in each turn: ${steps}`)
  assert.equal(link.connection.isPaused, false)
})

const connectWithWill = '10 14 00 04 4d 51 54 54 04 06 00 00 00 01 61 00 01 77 00 02 62 79'
const disconnect = 'e0 00'

async function willsAfter(leave: (away: RecordingChannel, shell: Shell) => void): Promise<number> {
  let nowMs = 1000
  const shell = quietShell({}, () => nowMs)
  const [watcher, busy, leaver] = ['61', '62', ''].map(() => new RecordingChannel('client', 4))
  assert.ok(watcher !== undefined && busy !== undefined && leaver !== undefined)
  for (const channel of [watcher, busy, leaver]) new ClientLink(channel, listener, shell)
  watcher.receive(`${connect} 78 82 06 00 01 00 01 77 00`)
  busy.receive(`${connect} 79`)
  leaver.receive(connectWithWill)
  for (let turn = 0; turn < 4; turn++) await nextTurn()
  nowMs += 10
  busy.receive(pingreq)
  nowMs += 10
  leave(leaver, shell)
  for (let turn = 0; turn < 4; turn++) await nextTurn()
  return watcher.written.filter(({ type }) => type === 'publish').length
}

test('a client that has said DISCONNECT has no Will, also if it is gone, or there again, before that was read', async () => {
  assert.equal(await willsAfter((leaver) => leaver.destroy()), 1)
  const goneAtOnce = await willsAfter((leaver) => {
    leaver.receive(disconnect)
    leaver.destroy()
  })
  const thereAgain = await willsAfter((leaver, shell) => {
    leaver.receive(disconnect)
    const again = new RecordingChannel('client', 4)
    new ClientLink(again, listener, shell)
    again.receive(`${connect} 61`)
  })
  assert.deepEqual([goneAtOnce, thereAgain], [0, 0])
})

test('a client that is gone while several chunks of it wait for their turn has said what is in them', async () => {
  const published = '30 04 00 01 77 21'
  const wills = await willsAfter((leaver) => {
    leaver.receive(published)
    leaver.receive(published + disconnect)
    leaver.destroy()
  })
  assert.equal(wills, 2, 'both messages, and no Will')
})

test('a client that is gone in the middle of a chunk that takes several turns has said what is in the rest of it', async () => {
  let nowMs = 1000
  const shell = quietShell({}, () => nowMs++)
  const leaver = new RecordingChannel('client', 4)
  const gone: ClientLink[] = []
  new ClientLink(leaver, listener, shell, { linkClosed: (link) => void gone.push(link) })
  leaver.receive(connectWithWill)
  for (let turn = 0; turn < 4; turn++) await nextTurn()
  const { state } = shell.core
  leaver.receive(publish.repeat(2000) + disconnect)
  leaver.destroy()
  assert.deepEqual([state.traffic.publishReceived < 2000, gone.length], [true, 0])
  while (gone.length === 0) await nextTurn()
  assert.deepEqual([state.traffic.publishReceived, state.tally.received, state.sessions.size], [2000, 2000, 0])
  for (let turn = 0; turn < 4; turn++) await nextTurn()
  assert.equal(gone.length, 1)
})
