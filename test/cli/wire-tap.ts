/**
 * A door between a tool and the broker: writes down the packets that the tool sends, and can hold back what the broker
 * says, so that the order of what happens is given by the test and not by who of the two was faster.
 */
import { connect, createServer, type Socket } from 'node:net'
import type { ControlPacket } from '../../src/protocol/control-packet.ts'
import { PacketDecoder } from '../../src/protocol/packet-decoder.ts'
import { ProtocolViolation } from '../../src/protocol/protocol-violation.ts'

export interface WireTap {
  readonly port: number
  /** Waits for all connections to close, and closes the door. A line for each packet, an empty line after a connection. */
  packetsSent(): Promise<string>
}

const packetBytesMax = 268_435_460
const connack = 2

/**
 * `answerGroups`: the broker's packets behind CONNACK reach the tool in groups of these sizes, each group at once, and the
 * rest as it comes. A tool that reads standard input and the network in two threads, as Debian's does with `-l`, has by
 * then sent what is answered; and one that closes before it has read all is not written to any more, which would lose
 * what it sent last.
 */
export async function startWireTap(
  port: number,
  brokerPort: number,
  answerGroups: readonly number[],
): Promise<WireTap> {
  const sent: Buffer[][] = []
  const open = new Set<Promise<unknown>>()
  const server = createServer((tool) => {
    const chunks: Buffer[] = []
    sent.push(chunks)
    const closed = new Promise((resolve) => tool.once('close', resolve))
    open.add(closed)
    join(tool, connect(brokerPort, '127.0.0.1'), chunks, answerGroups)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port,
    packetsSent: async () => {
      await Promise.all(open)
      await new Promise((resolve) => server.close(resolve))
      return sent.map((chunks) => describePackets(Buffer.concat(chunks))).join('\n')
    },
  }
}

function join(tool: Socket, broker: Socket, sent: Buffer[], answerGroups: readonly number[]): void {
  for (const socket of [tool, broker]) {
    socket.setNoDelay(true)
    // Whoever is reset is also closed, and that is seen below.
    socket.on('error', () => {})
  }
  tool.on('data', (chunk) => {
    sent.push(chunk)
    broker.write(chunk)
  })
  tool.on('close', () => broker.end())
  const hold = new Hold(answerGroups)
  broker.on('data', (chunk) => {
    const released = hold.take(chunk)
    if (released.length > 0) tool.write(released)
  })
  broker.on('close', () => tool.end(hold.rest()))
}

class Hold {
  readonly #groups: number[]
  /** Packets of the first group that have come. */
  #count = 0
  #kept: Buffer = Buffer.alloc(0)
  /** Bytes of `#kept` that have been looked at. */
  #seen = 0

  constructor(groups: readonly number[]) {
    this.#groups = [...groups]
  }

  /** What may pass now that `chunk` has come. */
  take(chunk: Buffer): Buffer {
    this.#kept = Buffer.concat([this.#kept, chunk])
    let passing = 0
    while (this.#groups.length > 0) {
      const end = packetEnd(this.#kept, this.#seen)
      if (end === null) return this.#release(passing)
      const type = (this.#kept[this.#seen] ?? 0) >> 4
      this.#seen = end
      if (type !== connack) this.#count += 1
      if (this.#count === this.#groups[0]) {
        this.#groups.shift()
        this.#count = 0
      }
      if (this.#count === 0) passing = end
    }
    return this.rest()
  }

  rest(): Buffer {
    return this.#release(this.#kept.length)
  }

  #release(size: number): Buffer {
    const released = this.#kept.subarray(0, size)
    this.#kept = this.#kept.subarray(size)
    this.#seen = Math.max(0, this.#seen - size)
    return released
  }
}

/** Null while the packet that begins at `start` is not all there. MQTT 5.0 section 2.1.4. */
function packetEnd(bytes: Buffer, start: number): number | null {
  let size = 0
  for (let index = 0; index < 4; index++) {
    const byte = bytes[start + 1 + index]
    if (byte === undefined) return null
    size += (byte & 0x7f) * 128 ** index
    if (byte >= 0x80) continue
    const end = start + 2 + index + size
    return end <= bytes.length ? end : null
  }
  throw new Error('the broker sent a length of more than four bytes')
}

/** 3.1 as its bytes: the decoder does not know it, and it has no properties whose order is free. */
function describePackets(bytes: Buffer): string {
  if (bytes.includes('MQIsdp')) return bytes.toString('latin1')
  const decoder = new PacketDecoder({
    role: 'server',
    connectBytesMax: packetBytesMax,
    packetBytesMax,
    propertiesMax: 10_000,
  })
  decoder.push(bytes)
  const lines: string[] = []
  try {
    for (let packet = decoder.next(); packet !== null; packet = decoder.next())
      lines.push(`${describePacket(packet)}\n`)
  } catch (error) {
    if (!(error instanceof ProtocolViolation)) throw error
    // Debian's tools send some things that MQTT forbids; ours must send the same.
    lines.push(`${error.message}\n`)
  }
  return lines.join('')
}

/** Fields and properties in one order, whatever the order on the wire: it means nothing [MQTT 5.0 section 2.2.2]. */
function describePacket(packet: ControlPacket): string {
  if (packet.type !== 'publish') return describe({ ...packet })
  const { type, dup, qos, retain, packetId, topicName, properties, payload } = packet
  return describe({ type, dup, qos, retain, packetId, topicName, properties, payload })
}

function describe(value: unknown): string {
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('latin1'))
  if (Array.isArray(value)) return `[${value.map(describe).join(',')}]`
  if (typeof value !== 'object' || value === null) return String(JSON.stringify(value))
  const fields = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return `{${fields.map(([name, field]) => `${name}:${describe(field)}`).join(',')}}`
}
