import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connectPacket, field } from '../../test/support/packet-hex.ts'
import { quietShell } from '../../test/support/quiet-shell.ts'
import type { Channel, ChannelHandler } from '../transport/channel.ts'
import { ClientLink } from './client-link.ts'
import type { Shell } from './shell.ts'

/** Links that count together how often they are flushed. */
function countedLinks() {
  const told = { flushed: 0 }
  const link = () => ({
    send() {},
    flush() {
      told.flushed += 1
    },
  })
  return { told, link }
}

/** A client that has said CONNECT: what it sends next, as hex; what is written to it is noted under its name. */
function joined(shell: Shell, name: string, writes: string[]): (hex: string) => void {
  const channel: Channel = {
    transport: 'tcp',
    remoteAddress: `${name}:1`,
    bufferedBytes: 0,
    set handler(_: ChannelHandler) {},
    write(bytes, start = 0, end = bytes.length) {
      writes.push(`${name} ${Buffer.from(bytes.subarray(start, end)).toString('hex')}`)
      return true
    },
    probeAfter() {},
    pause() {},
    resume() {},
    end() {},
    destroy() {},
  }
  const link = new ClientLink(channel, { url: 'tcp://127.0.0.1:1883', tellsPublisher: true }, shell)
  const receive = (hex: string) => link.receiveBytes(Buffer.from(hex, 'hex'), 0, hex.length / 2)
  receive(connectPacket(4, 2, field(name)))
  return receive
}

test('about a MiB is handed to the operating system in one go, then others get their turn; in order, each once', async () => {
  const shell = quietShell()
  const flushed: number[] = []
  const link = (number: number) => ({
    send() {},
    flush() {
      flushed.push(number)
      shell.core.state.traffic.bytesSent += 400_000
    },
  })
  for (let number = 0; number < 5; number++) shell.flushing.soon(link(number))
  await nextTurn()
  assert.deepEqual(flushed, [0, 1, 2])
  shell.flushing.soon(link(5))
  await nextTurn()
  assert.deepEqual(flushed, [0, 1, 2, 3, 4, 5])
})

test('400 clients are written to in one go, whatever little there is for each, then others get their turn', async () => {
  const shell = quietShell()
  const { told, link } = countedLinks()
  const seen: number[] = []
  for (let number = 0; number < 1000; number++) shell.flushing.soon(link())
  for (let turn = 0; turn < 4; turn++) {
    await nextTurn()
    seen.push(told.flushed)
  }
  assert.deepEqual(seen, [400, 800, 1000, 1000])
})

/** A shell whose clock the test moves, and channels that say when something is written. */
function clients(count: number) {
  const clock = { nowMs: 1_000_000 }
  const shell = quietShell({}, () => clock.nowMs)
  const writes: string[] = []
  const receivers = Array.from({ length: count }, (_, number) => joined(shell, `c${number}`, writes))
  return { clock, shell, writes, receivers }
}

const toAll = `8206 0001 ${field('a')} 00`.replaceAll(' ', '')
const message = `3003${field('a')}`

test('while little is to be written a message goes on before its chunk has been left', async () => {
  const { clock, writes, receivers } = clients(2)
  const [subscriber, publisher] = receivers
  subscriber?.(toAll)
  await nextTurn()
  for (let count = 0; count < 100; count++) {
    writes.length = 0
    publisher?.(message)
    assert.deepEqual(writes, [`c0 ${message}`])
    clock.nowMs += 1
    await nextTurn()
  }
})

test('what is due is looked for once, behind what a chunk has led to, and also where it has led to nothing', async (t) => {
  const { clock, shell, writes, receivers } = clients(102)
  const [subscriber, ...publishers] = receivers
  subscriber?.(toAll)
  await nextTurn()
  clock.nowMs += 1000
  const run = shell.run.bind(shell)
  t.mock.method(shell, 'run', (nowMs: number) => {
    writes.push('run')
    run(nowMs)
  })
  writes.length = 0
  publishers[0]?.(message)
  assert.deepEqual(writes.splice(0), [`c0 ${message}`, 'run'])
  publishers[0]?.(`3003${field('b')}`)
  assert.deepEqual(writes.splice(0), ['run'])
  for (const publish of publishers) publish(message)
  // Those that are written together have one look in common.
  const looks = writes.filter((what) => what === 'run').length
  assert.ok(looks <= 32, `${looks}`)
  await nextTurn()
  assert.equal(writes.filter((what) => what === 'run').length, looks + 1)
  assert.equal(writes.at(-1), 'run')
})

test('what many send in a few milliseconds is written together, at the end of the turn', async () => {
  const { clock, writes, receivers } = clients(201)
  const [subscriber, ...publishers] = receivers
  subscriber?.(toAll)
  await nextTurn()
  clock.nowMs += 1000
  writes.length = 0
  for (const publish of publishers) publish(message)
  const atOnce = writes.length
  assert.ok(atOnce <= 32, `${atOnce} writes`)
  await nextTurn()
  assert.equal(writes.length, atOnce + 1)
  assert.equal(writes.at(-1), `c0 ${message.repeat(200 - atOnce)}`)
  clock.nowMs += 1000
  publishers[0]?.(message)
  assert.equal(writes.at(-1), `c0 ${message}`)
})

test('a message to many is no reason to write to them again at once', async () => {
  const { clock, writes, receivers } = clients(201)
  const [publisher, ...subscribers] = receivers
  for (const subscribe of subscribers) subscribe(toAll)
  await nextTurn()
  clock.nowMs += 1000
  writes.length = 0
  publisher?.(message)
  assert.equal(writes.length, 200)
  publisher?.(message)
  publisher?.(message)
  assert.equal(writes.length, 200)
  await nextTurn()
  assert.deepEqual(
    writes.slice(200),
    subscribers.map((_, number) => `c${number + 1} ${message}${message}`),
  )
})

test('at the end all are written to at once', () => {
  const shell = quietShell()
  const { told, link } = countedLinks()
  for (let number = 0; number < 1000; number++) shell.flushing.soon(link())
  shell.flushing.flushAll()
  assert.equal(told.flushed, 1000)
})

test('whoever is only told of what it has published is written to before the others of its turn, not before what was left over', async () => {
  const shell = quietShell()
  const flushed: string[] = []
  const link = (name: string, bytes: number) => ({
    send() {},
    flush() {
      flushed.push(name)
      shell.core.state.traffic.bytesSent += bytes
    },
  })
  for (const name of ['first', 'second', 'third']) shell.flushing.soon(link(name, 600_000))
  shell.flushing.soon(link('publisher', 4), true)
  await nextTurn()
  assert.deepEqual(flushed, ['publisher', 'first', 'second'])
  shell.flushing.soon(link('another publisher', 4), true)
  await nextTurn()
  assert.deepEqual(flushed, ['publisher', 'first', 'second', 'third', 'another publisher'])
})

test('a publisher has its PUBACK before the message is written to subscribers', async () => {
  const shell = quietShell()
  const writes: string[] = []
  const join = (name: string) => joined(shell, name, writes)
  const subscriber = join('subscriber')
  const publisher = join('publisher')
  subscriber(`8206 0001 ${field('a')} 01`.replaceAll(' ', ''))
  await nextTurn()
  writes.length = 0
  publisher(`3205 ${field('a')} 0007`.replaceAll(' ', ''))
  await nextTurn()
  assert.deepEqual(writes, ['publisher 40020007', `subscriber 3205${field('a')}0001`])
})
