/**
 * All links of clients: who is turned away unread, and whose connection is ended when memory is short.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectPacket, field } from '../../test/support/packet-hex.ts'
import { quietShell } from '../../test/support/quiet-shell.ts'
import type { Channel, ChannelHandler } from '../transport/channel.ts'
import { ClientLinks } from './client-links.ts'

class IdleChannel implements Channel {
  readonly transport = 'tcp'
  readonly remoteAddress: string
  bufferedBytes = 0
  isDestroyed = false
  /** Who has taken it over. */
  heldBy: ChannelHandler | null = null

  constructor(remoteAddress: string) {
    this.remoteAddress = remoteAddress
  }

  set handler(handler: ChannelHandler) {
    this.heldBy = handler
  }

  write(): boolean {
    return true
  }

  probeAfter(): void {}

  pause(): void {}

  resume(): void {}

  end(): void {}

  destroy(): void {
    if (this.isDestroyed) return
    this.isDestroyed = true
    this.heldBy?.closed(null)
  }
}

const listener = { url: 'tcp://127.0.0.1:1883', tellsPublisher: true }

test('when memory is short the connections end of those who have taken nothing between two looks', () => {
  const shell = quietShell()
  const links = new ClientLinks(() => {})
  const join = (name: string, bufferedBytes: number): IdleChannel => {
    const channel = new IdleChannel(`${name}:1`)
    links.accept(channel, listener, shell)
    const connect = Buffer.from(connectPacket(5, 2, field(name)), 'hex')
    channel.heldBy?.receiveBytes(connect, 0, connect.length)
    channel.bufferedBytes = bufferedBytes
    return channel
  }
  const channels = [join('stuck', 100_000), join('slow', 100_000), join('idle', 0), join('small', 60_000)]
  const look = (): boolean[] => {
    links.endStuck(shell)
    return channels.map(({ isDestroyed }) => isDestroyed)
  }
  const [, slow] = channels
  assert.ok(slow)
  assert.deepEqual(look(), [false, false, false, false])
  slow.bufferedBytes = 90_000
  assert.deepEqual(look(), [true, false, false, false])
  links.forgetUnsent()
  assert.deepEqual(look(), [true, false, false, false])
  assert.deepEqual([links.size, shell.core.state.sessions.size], [3, 3])
})

test('a connection that may not be opened is closed unread', () => {
  const shell = quietShell({ connectionsPerAddressMax: 1 })
  const links = new ClientLinks(() => {})
  const channels = [1, 2, 3].map((port) => new IdleChannel(`192.0.2.1:${port}`))
  for (const channel of channels) links.accept(channel, listener, shell)
  assert.deepEqual(
    channels.map(({ isDestroyed }) => isDestroyed),
    [false, false, true],
  )
  assert.equal(channels[2]?.heldBy, null)
})
