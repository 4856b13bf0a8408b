import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connectPacket, field } from '../../test/support/packet-hex.ts'
import { quietShell } from '../../test/support/quiet-shell.ts'
import type { Channel, ChannelHandler } from '../transport/channel.ts'
import { ClientLink } from './client-link.ts'

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
  const join = (name: string): ((hex: string) => void) => {
    const channel: Channel = {
      transport: 'tcp',
      remoteAddress: `${name}:1`,
      bufferedBytes: 0,
      set handler(_: ChannelHandler) {},
      write(bytes) {
        writes.push(`${name} ${Buffer.from(bytes).toString('hex')}`)
        return true
      },
      probeAfter() {},
      pause() {},
      resume() {},
      end() {},
      destroy() {},
    }
    const link = new ClientLink(channel, { url: 'tcp://127.0.0.1:1883', tellsPublisher: true }, shell)
    const receive = (hex: string) => link.receiveBytes(Buffer.from(hex, 'hex'))
    receive(connectPacket(4, 2, field(name)))
    return receive
  }
  const subscriber = join('subscriber')
  const publisher = join('publisher')
  subscriber(`8206 0001 ${field('a')} 01`.replaceAll(' ', ''))
  await nextTurn()
  writes.length = 0
  publisher(`3205 ${field('a')} 0007`.replaceAll(' ', ''))
  await nextTurn()
  assert.deepEqual(writes, ['publisher 40020007', `subscriber 3205${field('a')}0001`])
})
