/**
 * The link of a client whose connection is gone: what of its bytes is still read, and when that is told.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TroubledStore } from '../../test/simulation/troubled-store.ts'
import { connectPacket, field, packet } from '../../test/support/packet-hex.ts'
import { quietShell } from '../../test/support/quiet-shell.ts'
import { RecordingChannel } from '../../test/support/recording-channel.ts'
import type { AuthorizationRequest } from './authentication/authentication.ts'
import { ClientLink } from './client-link.ts'
import type { Shell } from './shell.ts'

const listener = { url: 'tcp://nowhere', tellsPublisher: true }
const connect = (name: string) => connectPacket(4, 2, field(name))
const connectWithWill = connectPacket(4, 6, field('leaver') + field('will') + field('!'))
const disconnect = 'e000'

/** `watcher` has subscribed to everything, `leaver` has a Will, `late` is there. */
async function watched(shell: Shell) {
  const gone: ClientLink[] = []
  const links: ClientLink[] = []
  const [watcher, leaver, late] = ['watcher', 'leaver', 'late'].map(() => {
    const channel = new RecordingChannel('client', 4)
    links.push(new ClientLink(channel, listener, shell, { linkClosed: (link) => void gone.push(link) }))
    return channel
  })
  assert.ok(watcher !== undefined && leaver !== undefined && late !== undefined)
  watcher.receive(connect('watcher') + packet('82', '0001', field('#'), '00'))
  leaver.receive(connectWithWill)
  late.receive(connect('late'))
  await turns()
  const topicNames = () => watcher.written.flatMap((each) => (each.type === 'publish' ? [each.topicName] : []))
  return { leaver, late, links, gone, topicNames }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await nextTurn()
}

const published = (name: string) => packet('30', field(name), '21')

/** `leaver` has sent more than the store has written, then a message and DISCONNECT, and is gone. */
async function goneWhileStoreIsBehind(store: TroubledStore) {
  const shell = quietShell({ packetBytesMax: 5 * 1024 * 1024 }, undefined, { store })
  const away = new RecordingChannel('client', 4)
  new ClientLink(away, listener, shell)
  away.receive(connectPacket(4, 0, field('away')) + packet('82', '0001', field('large'), '01'))
  const around = await watched(shell)
  away.destroy()
  await turns()
  const held = store.hold()
  // 4 MiB with a Topic Name and a Packet Identifier.
  const large = `32 89808002 ${field('large')} 0001 ${'00'.repeat(4 * 1024 * 1024)}`
  for (let count = 0; count < 10; count++) around.leaver.receive(large)
  around.leaver.receive(published('last') + disconnect)
  around.leaver.destroy()
  await turns()
  const small = () => around.topicNames().filter((name) => name !== 'large')
  assert.deepEqual([small(), around.gone.length], [[], 0])
  return { ...around, small, held, [Symbol.dispose]: () => held[Symbol.dispose]() }
}

test('a client that is gone while the store is behind has said what it said before: it is read when the store has caught up', async () => {
  using around = await goneWhileStoreIsBehind(new TroubledStore())
  around.held[Symbol.dispose]()
  await turns()
  assert.deepEqual([around.small(), around.gone.length], [['last'], 1])
})

test('a link that waits for the store is not waited for when it is destroyed', async () => {
  using around = await goneWhileStoreIsBehind(new TroubledStore())
  around.links[1]?.destroy()
  await turns()
  assert.equal(around.gone.length, 1)
})

test('what a client sent faster than it may is not read when it is gone, and the Will is published', async () => {
  const shell = quietShell({ publishMessagesPerSecondMax: 2 })
  const { leaver, gone, topicNames } = await watched(shell)
  leaver.receive(published('1') + published('2') + published('3') + published('4') + disconnect)
  leaver.destroy()
  await turns()
  assert.deepEqual([topicNames(), gone.length], [['1', '2', '3', 'will'], 1])
})

test('a client that is gone while the host is asked about its message is closed at once, and the Will is published', async () => {
  const authorize = ({ topic }: AuthorizationRequest) => (topic === 'asked' ? new Promise<boolean>(() => {}) : true)
  const shell = quietShell({}, undefined, { authorize })
  const { leaver, gone, topicNames } = await watched(shell)
  leaver.receive(published('asked') + published('behind') + disconnect)
  leaver.receive(published('later'))
  leaver.destroy()
  assert.equal(gone.length, 1)
  await turns()
  assert.deepEqual(topicNames(), ['will'])
})

test('a message is read, routed and written with one look at the clock', () => {
  let looks = 0
  const shell = quietShell({}, () => {
    looks += 1
    return 1_000_000
  })
  const client = new RecordingChannel('client', 4)
  new ClientLink(client, listener, shell)
  client.receive(connect('c') + packet('82', '0001', field('a'), '00'))
  for (let round = 0; round < 3; round++) {
    looks = 0
    client.receive(published('a'))
    assert.equal(looks, 1)
  }
  assert.equal(client.written.filter(({ type }) => type === 'publish').length, 3)
})

test('a packet that is finished while the store is behind is not waited for any more', async () => {
  using around = await goneWhileStoreIsBehind(new TroubledStore())
  const [, , sender] = around.links
  const small = packet('32', field('small'), '0001', '21')
  const half = small.slice(0, 8)
  around.late.receive(half)
  assert.notEqual(sender?.unfinishedSinceMs, 0)
  // So many answers are handed on in between, and the store is found to be behind.
  around.late.receive(small.slice(8) + small.repeat(1100))
  assert.equal(sender?.unfinishedSinceMs, 0)
  around.held[Symbol.dispose]()
  await turns()
  assert.equal(around.late.written.filter(({ type }) => type === 'puback').length, 1101)
})
