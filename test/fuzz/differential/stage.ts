/**
 * Plays a play to one broker, and writes down what each client was given at each step, in words in which two brokers can agree.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { ByteWriter, type ControlPacket, encodeAcknowledgement, PacketDecoder } from '../../../src/protocol/index.ts'
import { type Play, type Step, said } from './play.ts'

const bytesMax = 1 << 24
const roundsMost = 10
/** A broker that neither answers PINGREQ nor closes. */
const silentMs = 3000
const ping = Buffer.from([0xc0, 0])

class Actor {
  readonly #version: 4 | 5
  readonly #socket: Socket
  readonly #decoder: PacketDecoder
  #awaited: (() => void) | null = null
  isOpen = true
  heard: string[] = []
  hasNews = false

  private constructor(socket: Socket, version: 4 | 5) {
    this.#version = version
    this.#socket = socket
    const sizes = { connectBytesMax: bytesMax, packetBytesMax: bytesMax, propertiesMax: 1000 }
    this.#decoder = new PacketDecoder({ role: 'client', protocolVersion: version, ...sizes })
    socket.on('data', (chunk) => this.#receive(chunk))
    // `close` follows.
    socket.on('error', () => {})
    socket.on('close', () => this.#closed())
  }

  static async open(port: number, version: 4 | 5): Promise<Actor> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    return new Actor(socket, version)
  }

  #receive(chunk: Buffer): void {
    try {
      this.#decoder.push(chunk)
      for (let packet = this.#decoder.next(); packet !== null; packet = this.#decoder.next()) this.#hear(packet)
    } catch (error) {
      this.#note(`what cannot be read: ${error instanceof Error ? error.message : String(error)}`)
      this.#socket.destroy()
    }
  }

  #note(text: string): void {
    this.heard.push(text)
    this.hasNews = true
  }

  #hear(packet: ControlPacket): void {
    switch (packet.type) {
      case 'pingresp':
        this.#awaited?.()
        return
      case 'publish': {
        const { payload, qos, retain, packetId, properties } = packet
        this.#note(said(payload.toString(), qos, retain, properties.subscriptionIdentifiers ?? []))
        if (qos > 0) this.#acknowledge(qos === 1 ? 'puback' : 'pubrec', packetId)
        return
      }
      case 'connack':
        this.#note(
          `connack ${packet.reasonCode === 0 ? 'welcome' : 'refused'}${packet.sessionPresent ? ', present' : ''}`,
        )
        return
      case 'disconnect':
        // The close says it; which code is a matter of taste in many cases.
        return
      case 'suback':
      case 'unsuback':
        this.#note(`${packet.type} ${packet.packetId}: ${packet.reasonCodes.map((code) => Math.min(code, 0x80))}`)
        return
      case 'puback':
      case 'pubrec':
      case 'pubrel':
      case 'pubcomp': {
        const { type, packetId, reasonCode } = packet
        // PUBREL belongs to a message that is here already.
        if (type === 'pubrel') this.hasNews = true
        else this.#note(`${type} ${packetId}${reasonCode < 0x80 ? '' : ' refused'}`)
        if (type === 'pubrec' && reasonCode < 0x80) this.#acknowledge('pubrel', packetId)
        if (type === 'pubrel') this.#acknowledge('pubcomp', packetId)
        return
      }
      default:
        this.#note(packet.type)
    }
  }

  #acknowledge(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number): void {
    const writer = new ByteWriter()
    encodeAcknowledgement(writer, type, packetId, 0, this.#version)
    this.send(Buffer.from(writer.bytes.subarray(0, writer.position)))
  }

  #closed(): void {
    if (this.isOpen) this.#note('closed')
    this.isOpen = false
    this.#awaited?.()
  }

  send(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  /** Resolves when the broker has answered everything sent before, or closed. */
  async settle(): Promise<void> {
    if (!this.isOpen) return
    const answered = new Promise<void>((resolve) => {
      this.#awaited = resolve
    })
    const timer = setTimeout(() => {
      this.#note('nothing')
      this.#socket.destroy()
    }, silentMs)
    this.send(ping)
    await answered
    clearTimeout(timer)
    this.#awaited = null
  }

  async break(): Promise<void> {
    if (!this.isOpen) return
    this.isOpen = false
    this.#socket.destroy()
    await once(this.#socket, 'close')
  }
}

/** What each client was given at each step, sorted: neither broker owes an order among different things. */
export type Account = readonly (readonly (readonly string[])[])[]

export async function stage(port: number, play: Play): Promise<Account> {
  const actors: (Actor | null)[] = play.versions.map(() => null)
  const account: string[][][] = []
  for (const step of play.steps) {
    await act(port, play, step, actors)
    await settle(actors)
    account.push(actors.map((actor) => (actor?.heard.splice(0) ?? []).sort()))
  }
  await Promise.all(actors.map((actor) => actor?.break()))
  return account
}

async function act(port: number, { versions }: Play, step: Step, actors: (Actor | null)[]): Promise<void> {
  const { client, bytes, opens, isCut } = step
  const before = actors[client]
  if (opens) actors[client] = await Actor.open(port, versions[client] ?? 5)
  if (bytes === null) {
    await before?.break()
    return
  }
  actors[client]?.send(bytes)
  if (opens) {
    // The one before is taken over, which it is told.
    await actors[client]?.settle()
    await before?.break()
  }
  if (isCut) await actors[client]?.break()
}

/** Until nobody was told anything new for two rounds: an answer may lead to a message, and that to an answer. */
async function settle(actors: readonly (Actor | null)[]): Promise<void> {
  let quiet = 0
  for (let round = 0; round < roundsMost && quiet < 2; round++) {
    for (const actor of actors) if (actor !== null) actor.hasNews = false
    for (const actor of actors) await actor?.settle()
    quiet = actors.some((actor) => actor?.hasNews === true) ? 0 : quiet + 1
  }
}
