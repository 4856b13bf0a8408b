/**
 * Code in this process that subscribes: it takes part like a client, with the packets of one, but without bytes.
 *
 * Messages are handed over outside the core's turn, one after the other; QoS 1 and 2 are acknowledged when the listener is done.
 */
import type { Connection } from '../core/connection/connection.ts'
import type { Message } from '../core/message.ts'
import type { OutgoingPublish, OutgoingToConnection } from '../core/turn.ts'
import type { Acknowledgement, Connect, PublishProperties, Qos, Subscribe } from '../protocol/control-packet.ts'
import { newClientIdentifier } from './client-identifier.ts'
import type { Link } from './link.ts'
import type { Shell } from './shell.ts'

/** A message as code in this process gets it. `payload` may be kept. */
export interface ReceivedMessage {
  readonly topicName: string
  readonly payload: Buffer
  readonly qos: Qos
  readonly retain: boolean
  readonly properties: PublishProperties
}

/** The Subscription Options of MQTT 5.0 section 3.8.3.1. */
export interface LocalSubscribeOptions {
  /** Highest QoS; default 2. A message published with a lower one keeps that. */
  qos?: Qos
  /** Has no effect here: what `broker.publish` publishes, no Subscription has published. Default false. */
  noLocal?: boolean
  /** Messages keep the RETAIN flag they were published with. Default false: only a Retained Message that was there before has it. */
  retainAsPublished?: boolean
  /** Whether Retained Messages that are there come at once: 0 yes, 1 only if there was no such Subscription, 2 no. Default 0. */
  retainHandling?: 0 | 1 | 2
}

/**
 * May return a promise: the next message waits for it, so that it must not wait for `unsubscribe` of its own. What it throws is a
 * `fault`; the message counts as received. Where it is slower than what is published the same holds as for a client: at QoS 1 and 2 messages wait in
 * its Session's queue, at QoS 0 those behind `limits.unsentBytesMax` are dropped and counted.
 */
export type MessageListener = (message: ReceivedMessage) => void | Promise<void>

/** As whom code takes part, and where it stands. */
export interface LocalOrigin {
  /** Unique and not to be guessed. */
  readonly clientIdentifier: string
  readonly remoteAddress: string
  readonly listener: string
}

/** What a message that waits costs besides its Topic Name and payload. */
const overheadBytes = 512
const toldEveryBytes = 65_536

export class LocalLink implements Link {
  readonly #shell: Shell
  readonly #connection: Connection
  readonly #listener: MessageListener
  readonly #reportFault: (error: unknown) => void
  readonly #waiting: OutgoingPublish[] = []
  /** What those that wait take in memory, and how much of it the core knows of. */
  #waitingBytes = 0
  #toldBytes = 0
  /** Ends when the listener has had everything; null while there is nothing to hand over. */
  #delivering: Promise<void> | null = null
  /** Flushed at the end of this turn of the event loop. */
  #isDirty = false
  #isCut = false
  #whenGranted: ((reasonCode: number) => void) | null = null
  /** Called when the broker ends it, because an operator said so for example. */
  whenEnded: () => void = () => {}

  constructor(
    shell: Shell,
    listener: MessageListener,
    reportFault: (error: unknown) => void,
    from: LocalOrigin = { clientIdentifier: newClientIdentifier(), remoteAddress: 'local', listener: 'local' },
  ) {
    this.#shell = shell
    this.#listener = listener
    this.#reportFault = reportFault
    const { clientIdentifier: identifier, remoteAddress, listener: url } = from
    const origin = { remoteAddress, listener: url, assignedClientIdentifier: identifier, tellsPublisher: true }
    this.#connection = shell.core.openLocal(this, origin, shell.nowMs())
    const connect: Connect = {
      type: 'connect',
      protocolVersion: 5,
      cleanStart: true,
      keepAliveSeconds: 0,
      clientIdentifier: identifier,
      will: null,
      userName: null,
      password: null,
      properties: {},
    }
    this.#receive(connect)
  }

  /** Resolves with the SUBACK's Reason Code. */
  subscribe(topicFilter: string, options: LocalSubscribeOptions): Promise<number> {
    const { qos = 2, noLocal = false, retainAsPublished = false, retainHandling = 0 } = options
    const subscriptions = [{ topicFilter, qos, noLocal, retainAsPublished, retainHandling }]
    const packet: Subscribe = { type: 'subscribe', packetId: 1, subscriptions, properties: {} }
    return new Promise((resolve) => {
      this.#whenGranted = resolve
      this.#receive(packet)
    })
  }

  /** Nothing is given or taken any more: the broker stops, and the listener is not done. */
  cut(): void {
    this.#isCut = true
  }

  /** Ends its Session once the listener has had every message that came before. */
  async close(): Promise<void> {
    this.flush()
    await this.#delivering
    if (this.#isCut) return
    this.#receive({ type: 'disconnect', reasonCode: 0, properties: {} })
  }

  send(outgoing: OutgoingToConnection): void {
    if (outgoing.type === 'publish') {
      outgoing.message.own()
      this.#waiting.push(outgoing)
      this.#waitingBytes += sizeOf(outgoing)
      if (this.#isDirty) return
      this.#isDirty = true
      this.#shell.flushing.soon(this)
    } else if (outgoing.type === 'milestone') {
      for (const held of this.#shell.core.reachMilestone(this.#connection)) this.send(held)
    } else if (outgoing.type === 'packet') {
      if (outgoing.packet.type === 'suback') this.#whenGranted?.(outgoing.packet.reasonCodes[0] ?? 0x80)
    } else if (outgoing.type === 'acknowledgement' && outgoing.packetType === 'pubrel') {
      const { packetId } = outgoing
      queueMicrotask(() => this.#receive(acknowledgement('pubcomp', packetId)))
    } else if (outgoing.type === 'close') {
      queueMicrotask(() => this.whenEnded())
    }
  }

  flush(): void {
    this.#isDirty = false
    if (this.#delivering !== null) this.#tellWaiting()
    this.#delivering ??= this.#deliver()
  }

  async #deliver(): Promise<void> {
    // Never inside the turn that made the message.
    await Promise.resolve()
    for (;;) {
      const outgoing = this.#waiting.shift()
      if (outgoing === undefined) break
      this.#waitingBytes -= sizeOf(outgoing)
      try {
        const pending = this.#listener(received(outgoing))
        if (pending instanceof Promise) await pending
      } catch (error) {
        this.#reportFault(error)
      }
      if (this.#isCut) return
      if (outgoing.qos > 0) this.#receive(acknowledgement(outgoing.qos === 1 ? 'puback' : 'pubrec', outgoing.packetId))
      if (this.#toldBytes - this.#waitingBytes > toldEveryBytes) this.#tellWaiting()
    }
    this.#delivering = null
    this.#tellWaiting()
  }

  /** The core sends a slow listener no more at QoS 0. */
  #tellWaiting(): void {
    this.#toldBytes = this.#waitingBytes
    this.#shell.core.flushed(this.#connection, this.#waitingBytes, this.#shell.nowMs(), this.#shell.turn)
    this.#shell.run()
  }

  #receive(
    packet: Connect | Subscribe | Acknowledgement | { type: 'disconnect'; reasonCode: 0; properties: object },
  ): void {
    const shell = this.#shell
    shell.core.receive(this.#connection, packet, shell.inputMs(), shell.turn)
    shell.run()
  }
}

function acknowledgement(type: Acknowledgement['type'], packetId: number): Acknowledgement {
  return { type, packetId, reasonCode: 0, properties: {} }
}

function sizeOf({ message }: OutgoingPublish): number {
  return message.size + overheadBytes
}

function received(outgoing: OutgoingPublish): ReceivedMessage {
  const { publish }: Message = outgoing.message
  const { topicName, payload, properties } = publish
  return { topicName, payload, qos: outgoing.qos, retain: outgoing.retain, properties }
}
