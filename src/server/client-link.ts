/**
 * One client's channel, joined to its core connection: bytes in become packets, decisions become bytes out. @hot
 *
 * Output is collected and written once for a chunk or an event-loop turn. QoS 0 messages that go on unchanged are not even copied
 * while they lie next to each other in the chunk they came in.
 */
import type { Connection } from '../core/connection/connection.ts'
import { probeSeconds } from '../core/connection/keep-alive.ts'
import { reachLimit, unsentFault } from '../core/limit-reached.ts'
import type { OutgoingAcknowledgement, OutgoingPublish, OutgoingToConnection } from '../core/turn.ts'
import { PacketDecoder } from '../protocol/packet-decoder.ts'
import { encodeAcknowledgement, encodePacket, type PlainPacket } from '../protocol/packet-encoder.ts'
import type { Publish } from '../protocol/packets/publish.ts'
import { ProtocolViolation } from '../protocol/protocol-violation.ts'
import { encodePublish, encodePublishHead, isAsItCame } from '../protocol/publish-encoder.ts'
import { ReasonCode } from '../protocol/reason-code.ts'
import type { Channel, ChannelHandler } from '../transport/channel.ts'
import { ClientOrigin, type ListenerFacts } from './client-origin.ts'
import { type CollectedOutput, isWorthAView } from './collected-output.ts'
import type { Link } from './link.ts'
import { lendOutput, returnOutput } from './output-pool.ts'
import { ClientRate, type PublishRates } from './publish-rates.ts'
import type { Shell } from './shell.ts'
import { asItFits } from './without-words.ts'

/** Decisions collected before they are carried out, and made from one chunk before other connections get their turn. */
const turnSizeMax = 1024
const sliceSizeMax = 16_384
/** After so many it is looked whether they have taken too long. */
const packetsPerLook = 64

/** Why a link is not read. */
type Wait = 'nothing' | 'turn' | 'store' | 'rate' | 'answer'

/** Who wants to know when a channel is gone: is told once for each. */
export interface LinkOwner {
  linkClosed(link: ClientLink): void
}

export class ClientLink implements Link, ChannelHandler {
  // As in Connection: what each message looks at stands first.
  readonly connection: Connection
  readonly #channel: Channel
  readonly #shell: Shell
  readonly #decoder: PacketDecoder
  #waitsFor: Wait = 'nothing'
  /** Chunks that came while no packet may be handed in; null most of the time. */
  #held: Buffer[] | null = null
  #isClosing = false
  /** The operating system took no more; wait for `drained`. */
  #isBlocked = false
  #isDirty = false
  /** What is to be sent at the next flush; null most of the time. */
  #output: CollectedOutput | null = null
  #unsentTold = 0
  /** When the packet was begun that is not whole yet; 0: none is. */
  unfinishedSinceMs = 0
  #isLookedAt = false
  /** How fast the client has published; null where that is not limited. */
  #rate: ClientRate | null = null
  /** The channel is closed, and why; null before, and when that has been told. */
  #closedWords: string | null = null
  readonly #owner: LinkOwner | null

  constructor(channel: Channel, listener: ListenerFacts, shell: Shell, owner: LinkOwner | null = null) {
    this.#channel = channel
    this.#shell = shell
    this.#owner = owner
    shell.traffic.socketsOpened += 1
    this.connection = shell.core.open(this, new ClientOrigin(channel, listener), shell.nowMs())
    this.#decoder = new PacketDecoder(shell.linkLimits.decoderOptions)
    channel.handler = this
  }

  receiveBytes(bytes: Buffer, start: number, end: number): void {
    const shell = this.#shell
    const nowMs = shell.nowMs()
    shell.traffic.bytesReceived += end - start
    if (this.#waitsFor !== 'nothing' || shell.reading.mustWait(end - start, nowMs)) {
      this.#hold(bytes.subarray(start, end))
      return
    }
    this.#decoder.push(bytes, start, end)
    shell.flushing.chunkBegins()
    try {
      this.#decode(nowMs)
    } finally {
      if (!shell.flushing.chunkEnds(nowMs)) shell.run(nowMs)
    }
  }

  /** To be read when it is its turn, or when what it waits for has come. */
  #hold(chunk: Buffer): void {
    if (this.#waitsFor === 'nothing') {
      // Most have sent one chunk only: to stop reading costs more than that.
      this.#waitsFor = 'turn'
      this.#shell.reading.waitForTurn(this, chunk.length)
    } else if (!this.connection.isPaused) this.#pause()
    this.#held ??= []
    this.#held.push(chunk)
  }

  drained(): void {
    this.#isBlocked = false
    this.flush()
    this.#shell.run()
  }

  closed(error: Error | null): void {
    this.#closedWords = error === null ? 'the client closed the connection' : `the connection broke: ${error.message}`
    if (this.#isClosing || !this.#isReadSoon()) this.#tellClosed()
  }

  /** What it sent last is read before it is closed: it may be DISCONNECT. Not what is too fast, or waits for an answer that may never come. */
  #isReadSoon(): boolean {
    return this.#waitsFor === 'turn' || this.#waitsFor === 'store'
  }

  #tellClosed(): void {
    const words = this.#closedWords
    if (words === null) return
    this.#closedWords = null
    this.#isClosing = true
    this.#shell.closed(this, words)
    this.#owner?.linkClosed(this)
  }

  /** A question about this connection has been answered, or others have had their turn: goes on where it stopped. */
  proceed(): void {
    if (this.#waitsFor === 'nothing' || this.connection.isWaiting) return
    this.#waitsFor = 'nothing'
    if (this.connection.isPaused) {
      this.connection.isPaused = false
      this.#channel.resume()
    }
    this.#decode(this.#shell.nowMs())
    this.#shell.run()
    if (!this.#isReadSoon()) this.#tellClosed()
  }

  /** Bytes that have come of a packet that is not whole. */
  get unfinishedBytes(): number {
    return this.#decoder.bufferedBytes
  }

  /** Whether to look at it again; if not, it says so itself when that changes. While it is not read, its time does not run. */
  isUnfinished(nowMs: number): boolean {
    if (this.#waitsFor !== 'nothing' && this.unfinishedSinceMs !== 0) this.unfinishedSinceMs = nowMs
    this.#isLookedAt = this.unfinishedSinceMs !== 0 && !this.connection.isClosed
    return this.#isLookedAt
  }

  /** What the client has not taken. */
  get unsentBytes(): number {
    return this.#channel.bufferedBytes + (this.#output?.size ?? 0)
  }

  /** Closes without another word. */
  destroy(): void {
    this.#isClosing = true
    this.#channel.destroy()
    // What it waits for need not come any more.
    if (this.#closedWords !== null) setImmediate(() => this.#tellClosed())
  }

  #decode(nowMs: number): void {
    const { connection } = this
    const shell = this.#shell
    shell.inputBegins()
    const { core, traffic, turn, linkLimits } = shell
    let made = 0
    let read = 0
    let hasPublished = false
    const { packetsReceived } = traffic
    const wasUnfinished = this.#decoder.bufferedBytes > 0
    while (!connection.isClosed) {
      const packet = this.#next()
      if (packet === null) break
      traffic.packetsReceived += 1
      if (packet.type === 'publish') {
        hasPublished = true
        traffic.publishCame(packet)
      }
      core.receive(connection, packet, nowMs, turn)
      if (turn.questions.length > 0) shell.ask()
      if (connection.isWaiting) {
        this.#stall('answer')
        break
      }
      const { publishRates } = linkLimits
      if (publishRates !== null && packet.type === 'publish' && this.#isTooFast(packet, publishRates, nowMs)) break
      read += 1
      if (read % packetsPerLook === 0 && shell.reading.isOver) {
        this.#stall('turn')
        break
      }
      if (turn.now.length + turn.onceDurable.length < turnSizeMax) continue
      made += turn.now.length + turn.onceDurable.length
      shell.run()
      // Whoever only acknowledges, subscribes or pings is read all the same.
      if (shell.isBehind && hasPublished) {
        this.#stall('store')
        break
      }
      if (made < sliceSizeMax) continue
      this.#stall('turn')
      break
    }
    shell.carryOut()
    if (this.#decoder.bufferedBytes > 0) this.#noteUnfinished(traffic.packetsReceived > packetsReceived, nowMs)
    else if (wasUnfinished) this.unfinishedSinceMs = 0
    if (hasPublished && shell.isBehind && this.#waitsFor === 'nothing' && !connection.isClosed) this.#stall('store')
  }

  /** The beginning of a packet is here; `isNew`: one before it has been finished just now. */
  #noteUnfinished(isNew: boolean, nowMs: number): void {
    if (isNew || this.unfinishedSinceMs === 0) this.unfinishedSinceMs = nowMs
    if (this.#isLookedAt) return
    this.#isLookedAt = true
    this.#shell.unfinished.add(this, this.#shell)
  }

  /** Whether the client has published so fast that it is not read for a while, or for good. */
  #isTooFast(packet: Publish, publishRates: PublishRates, nowMs: number): boolean {
    const { connection } = this
    if (connection.session === null) return false
    if (this.#rate?.of !== publishRates) {
      this.#rate = new ClientRate(publishRates, connection.session.account, nowMs)
    }
    const { waitMs, reached, end } = this.#rate.take(packet.packetEnd - packet.packetStart, nowMs)
    if (reached !== null) reachLimit(this.#shell.core.state, reached, '')
    if (end !== null) this.#shell.core.disconnect(connection, end.reasonCode, end.text, nowMs, this.#shell.turn)
    else if (waitMs > 0) {
      this.#stall('rate')
      setTimeout(() => this.proceed(), waitMs).unref()
    }
    return end !== null || waitMs > 0
  }

  /** The next packet; a violation is answered and ends the loop, because it closes the connection. */
  #next() {
    try {
      for (;;) {
        const packet = this.#decoder.next()
        if (packet !== null) return packet
        const chunk = this.#held?.shift()
        if (chunk === undefined) {
          this.#held = null
          return null
        }
        this.#decoder.push(chunk)
      }
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      const { core, turn } = this.#shell
      const nowMs = this.#shell.nowMs()
      if (this.connection.state !== 'opened') core.violated(this.connection, error, nowMs, turn)
      else core.violatedBeforeConnect(this.connection, error, this.#decoder, nowMs, turn)
      return null
    }
  }

  /** Until `proceed`. */
  #stall(wait: Wait): void {
    this.#waitsFor = wait
    this.#pause()
    if (wait === 'turn') this.#shell.reading.waitForTurn(this, this.#decoder.unreadBytes)
    else if (wait === 'store') this.#shell.waitForStore(this)
  }

  #pause(): void {
    this.connection.isPaused = true
    this.#channel.pause()
  }

  send(outgoing: OutgoingToConnection): void {
    if (this.#isClosing) return
    switch (outgoing.type) {
      case 'publish':
        this.#sendPublish(outgoing)
        this.#shell.traffic.publishLeft(outgoing.message.publish)
        break
      case 'acknowledgement':
        this.#sendAcknowledgement(outgoing)
        break
      case 'packet':
        this.#sendPacket(outgoing.packet)
        break
      case 'close':
        this.#close()
        return
      case 'milestone':
        for (const held of this.#shell.core.reachMilestone(this.connection)) this.send(held)
        return
    }
    this.#shell.traffic.packetsSent += 1
    if (!this.#isDirty) {
      this.#isDirty = true
      this.#shell.flushing.soon(this, outgoing.type === 'acknowledgement')
    }
  }

  #sendPublish(outgoing: OutgoingPublish): void {
    const source = outgoing.message.publish
    const version = this.connection.protocolVersion
    const isUnchanged = isAsItCame(source, version, outgoing)
    const { bytes, packetStart, packetEnd } = source
    if (isUnchanged && outgoing.qos === 0) {
      this.#collected().addRun(bytes, packetStart, packetEnd)
      return
    }
    const shared = this.#shell.flushing.sharedOutput.packetOf(outgoing, version)
    if (shared !== null) {
      this.#collected().addRun(shared.bytes, shared.start, shared.end)
      return
    }
    if (isWorthAView(bytes, source.payloadSize)) {
      encodePublishHead(this.#collected().writer(), source, version, outgoing)
      this.#collected().addView(bytes, source.payloadStart, packetEnd)
      return
    }
    if (isUnchanged) {
      this.#collected().addRenumbered(bytes, packetStart, packetEnd, source.topicNameEnd, outgoing.packetId)
    } else encodePublish(this.#collected().writer(), source, version, outgoing)
  }

  #sendAcknowledgement(outgoing: OutgoingAcknowledgement): void {
    const { packetType, packetId, reasonCode } = outgoing
    encodeAcknowledgement(this.#collected().writer(), packetType, packetId, reasonCode, this.connection.protocolVersion)
    this.#countLeft(packetType, reasonCode)
  }

  /** A client's window opens with the last acknowledgement of a message. */
  #countLeft(type: string, reasonCode: number): void {
    if (type === 'puback' || type === 'pubcomp' || (type === 'pubrec' && reasonCode >= 0x80)) {
      this.#shell.core.acknowledgementLeft(this.connection)
    }
  }

  #sendPacket(packet: PlainPacket): void {
    const { maximumPacketSize, protocolVersion } = this.connection
    const sent = asItFits(packet, protocolVersion, maximumPacketSize)
    if (sent === null) {
      // Without CONNACK or AUTH a client would wait in vain [MQTT-3.1.2-24]; other answers are of no use if they cannot be sent.
      if (packet.type === 'connack' || packet.type === 'auth') this.#close()
      return
    }
    encodePacket(this.#collected().writer(), sent, protocolVersion)
    if (sent.type === 'connack') {
      const seconds = probeSeconds(this.#shell.core.state, this.connection)
      if (seconds > 0) this.#channel.probeAfter(seconds)
    }
    if (sent.type === 'puback' || sent.type === 'pubrec') this.#countLeft(sent.type, sent.reasonCode)
  }

  #close(): void {
    this.flush()
    this.#isClosing = true
    this.#channel.end()
  }

  #collected(): CollectedOutput {
    this.#output ??= lendOutput()
    return this.#output
  }

  flush(): void {
    this.#isDirty = false
    if (this.#isClosing) return
    const output = this.#output
    if (output === null) {
      // The last of it has been taken: what waited for that goes on.
      this.#tellUnsent(0)
      return
    }
    if (this.#isBlocked) {
      output.wait()
      this.#tellUnsent(output.size)
      return
    }
    this.#output = null
    this.#shell.traffic.bytesSent += output.size
    this.#isBlocked = !output.writeTo(this.#channel)
    returnOutput(output)
    this.#tellUnsent(0)
  }

  #tellUnsent(collected: number): void {
    const unsentBytes = this.#channel.bufferedBytes + collected
    if (unsentBytes > this.#unsentTold) this.#shell.unsentGrew(unsentBytes - this.#unsentTold)
    this.#unsentTold = unsentBytes
    const { connection } = this
    const { core, turn } = this.#shell
    if (connection.noteUnsent(unsentBytes)) core.flushed(connection, unsentBytes, this.#shell.nowMs(), turn)
    const text = connection.isClosed ? null : unsentFault(core.state, unsentBytes)
    if (text === null) return
    core.disconnect(connection, ReasonCode.QuotaExceeded, text, this.#shell.nowMs(), turn)
    this.destroy()
  }
}
