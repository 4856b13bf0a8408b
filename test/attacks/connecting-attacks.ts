/**
 * Attacks that need no Session: lengths that are announced, sockets that idle or dawdle, WebSocket.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { connectPacket, field } from '../support/packet-hex.ts'
import { type Attack, closed, inRounds, type Target } from './attack.ts'

/** CONNECT of 5.0 up to the middle of its Client Identifier, with the Remaining Length given. */
function halfConnect(remainingLength: string, bytes: number): Buffer {
  return Buffer.concat([Buffer.from(`10${remainingLength}00044d5154540502003c00ffff`, 'hex'), Buffer.alloc(bytes, 'a')])
}

const announcedLengths: Attack = {
  source: 'mosquitto CVE-2017-7651, CVE-2023-0809; NATS 2026-25',
  what: 'CONNECT announces 256 MB, or the most there may be, and half of it comes',
  flags: ['--limit', 'connectSecondsMax=2s'],
  async run(target, strength) {
    const count = Math.ceil(5000 * strength)
    const send = async (bytes: Buffer) => {
      const socket = await target.socket()
      socket.write(bytes)
      return socket
    }
    const huge = halfConnect('ffffff7f', 512)
    await inRounds(count, 250, async () => closed(await send(huge)))
    const longest = halfConnect('fcff03', 32_768)
    const waiting = await inRounds(count, 250, () => send(longest))
    await Promise.all(waiting.map(closed))
    return `${count} refused unread, ${count} closed by connectSecondsMax`
  },
}

const idleSockets: Attack = {
  source: 'CVE-2020-13849 (SlowITe)',
  what: 'clients with the longest Keep Alive, or none, stay and say nothing',
  flags: ['--limit', 'keepAliveSecondsMax=1s'],
  async run(target, strength) {
    const count = Math.ceil(5000 * strength)
    const clients = await inRounds(count, 250, async (number) => {
      const client = await target.open(5)
      const { properties } = await client.connect({ keepAliveSeconds: number % 2 === 0 ? 65_535 : 0 })
      assert.equal(properties.serverKeepAlive, 1)
      return client
    })
    // Others come in while they idle.
    await target.client('newcomer')
    const ends = await Promise.all(clients.map((client) => client.untilClosed()))
    const codes = new Set(ends.map(([packet]) => (packet?.type === 'disconnect' ? packet.reasonCode : packet?.type)))
    assert.deepEqual(codes, new Set([0x8d]))
    return `${count} told to keep alive every second, and ended with 0x8D; others let in meanwhile`
  },
}

const slowPackets: Attack = {
  source: 'slowloris',
  what: 'a byte of a packet now and then',
  flags: ['--limit', 'packetSecondsMax=1s', '--limit', 'connectSecondsMax=2s'],
  async run(target, strength) {
    const count = Math.ceil(1000 * strength)
    const connected = await inRounds(count, 250, async (number) => {
      const socket = await target.socket()
      socket.write(Buffer.from(connectPacket(5, 2, field(`slow${number}`)), 'hex'))
      return socket
    })
    const silent = await inRounds(count, 250, () => target.socket())
    const sockets = [...connected, ...silent]
    const gone = Promise.all(sockets.map(closed))
    for (const byte of Buffer.from('30ffff7f00', 'hex')) {
      for (const socket of connected) socket.write(Buffer.from([byte]))
      for (const socket of silent) socket.write(Buffer.from([byte === 0x30 ? 0x10 : byte]))
      await Promise.race([gone, sleep(700)])
    }
    await gone
    return `${count} ended by packetSecondsMax, ${count} without CONNECT by connectSecondsMax`
  },
}

const webSockets: Attack = {
  source: 'undici CVE-2026-1526; ws NSP-120; NATS 2026-02, -03, -27',
  what: 'WebSocket: compression asked for, frames of a terabyte, another path',
  async run(target, strength) {
    const url = `ws://127.0.0.1:${target.webSocketPort}`
    const compressing = new WebSocket(`${url}/mqtt`, 'mqtt', { perMessageDeflate: true })
    await once(compressing, 'open')
    assert.equal(compressing.extensions, '')
    compressing.terminate()
    const elsewhere = new WebSocket(`${url}/other`, 'mqtt')
    const [error] = await once(elsewhere, 'error')
    assert.match(String(error), /404/)
    const count = Math.ceil(1000 * strength)
    await inRounds(count, 100, () => sendHugeFrame(target))
    return `compression not agreed to, 404, ${count} huge frames closed unread`
  },
}

/** An upgrade, and the head of a frame of 1 TiB with 1,000 bytes of it. */
async function sendHugeFrame({ webSocketPort }: Target): Promise<void> {
  const socket = connect(webSocketPort, '127.0.0.1').on('error', () => {})
  const head = ['GET /mqtt HTTP/1.1', 'Host: 127.0.0.1', 'Upgrade: websocket', 'Connection: Upgrade']
  head.push('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: mqtt')
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  assert.match(String(answer), /^HTTP\/1\.1 101/)
  socket.write(Buffer.concat([Buffer.from('82ff0000010000000000aabbccdd', 'hex'), Buffer.alloc(1000)]))
  await closed(socket)
}

export const connectingAttacks: readonly Attack[] = [announcedLengths, idleSockets, slowPackets, webSockets]
