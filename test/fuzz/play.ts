/**
 * Plays scenes to a broker over TCP, and says what is wrong with how it took them.
 */
import { connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { PacketDecoder } from '../../src/protocol/index.ts'
import { openWire } from '../support/wire-client.ts'
import type { FuzzedBroker } from './fuzzed-broker.ts'
import type { Script } from './script.ts'

/** A broker closes at the end of the stream; far more than any that works takes. */
const closesWithinMs = 5000
const bytesMax = 1 << 24

/** What a broker must never send: something its client cannot read. */
class Reading {
  readonly #decoder: PacketDecoder | null
  fault: string | null = null

  constructor(version: 0 | 4 | 5) {
    const sizes = { connectBytesMax: bytesMax, packetBytesMax: bytesMax, propertiesMax: 10_000 }
    this.#decoder = version === 0 ? null : new PacketDecoder({ role: 'client', protocolVersion: version, ...sizes })
  }

  take(chunk: Buffer): void {
    if (this.#decoder === null || this.fault !== null) return
    try {
      this.#decoder.push(chunk)
      while (this.#decoder.next() !== null);
    } catch (error) {
      this.fault = `the broker sent what cannot be read: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}

let connections = 0

/** Plays one script; what is wrong, or null. */
export function playScript(port: number, { version, packets, ending }: Script): Promise<string | null> {
  connections += 1
  // One address has too few ports for what is closed and not yet forgotten.
  const localAddress = `127.0.0.${2 + (connections % 200)}`
  const socket = connect({ host: '127.0.0.1', port, localAddress, noDelay: true })
  const reading = new Reading(version)
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(`the connection was not closed within ${closesWithinMs} ms`)
      socket.destroy()
    }, closesWithinMs)
    socket.on('data', (chunk) => reading.take(chunk))
    // The broker has closed while something was on its way; `close` follows.
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(reading.fault)
    })
    socket.on('connect', async () => {
      const middle = packets.length >> 1
      socket.write(Buffer.concat(packets.slice(0, middle)))
      await nextTurn()
      if (socket.destroyed) return
      socket.write(Buffer.concat(packets.slice(middle)))
      if (ending === 'break') socket.resetAndDestroy()
      else socket.end()
    })
  })
}

/** Plays all scripts at once; what is wrong, or null. */
export async function playScene(broker: FuzzedBroker, scripts: readonly Script[]): Promise<string | null> {
  broker.heldMs = 0
  const faults = await Promise.all(scripts.map((script) => playScript(broker.port, script)))
  if (broker.crash !== null) return `crash: ${broker.crash}`
  const fault = faults.find((each) => each !== null)
  if (fault !== undefined) return fault
  return broker.heldMs > 0 ? `one turn took ${broker.heldMs.toFixed(0)} ms` : null
}

/** Takes away what a round left: Retained Messages; Sessions end by themselves. */
export async function clearRetained(broker: FuzzedBroker): Promise<void> {
  using client = await openWire(`tcp://127.0.0.1:${broker.port}`, 5)
  await client.connect()
  await client.subscribe('#', { qos: 0, noLocal: true })
  client.send({ type: 'pingreq' })
  let pings = 1
  while (pings > 0) {
    const packet = await client.nextOf('publish', 'pingresp')
    if (packet.type === 'publish' && packet.retain) {
      client.publish({ topicName: packet.topicName, retain: true, qos: 0 })
    }
    // What was deleted has been dealt with when a second one is answered.
    if (packet.type === 'pingresp' && pings === 1) client.send({ type: 'pingreq' })
    if (packet.type === 'pingresp') pings = pings === 1 ? 2 : 0
  }
}
