/**
 * A correct MQTT client that keeps its side of the Session whatever happens to the broker.
 */
import {
  type Connack,
  type ConnectProperties,
  type ControlPacket,
  type Disconnect,
  ReasonCode,
  type WillMessage,
} from '../../src/protocol/index.ts'
import type { Ledger } from './ledger.ts'
import type { Random } from './random.ts'
import { Wire } from './wire.ts'

/** What all clients share. */
export interface Scene {
  readonly ledger: Ledger
  readonly random: Random
  /** 0 while the broker is down. */
  port: number
  /** Publishers send nothing new. */
  isPaused: boolean
  /** Nobody goes away or is slow any more. */
  isEnding: boolean
}

export abstract class CrashClient {
  readonly name: string
  readonly version: 4 | 5
  readonly scene: Scene
  wire: Wire | null = null
  isConnected = false
  /** Network Connections so far. */
  epoch = 0
  /** Stays away until then. */
  onlineAtMs = 0
  /** Whether the broker has a Session of this client. */
  session: 'none' | 'perhaps' | 'stored' = 'none'
  startsAfresh = false
  /** DISCONNECT has been sent: nothing may follow it, and what still comes is as good as lost. */
  #isLeaving = false

  constructor(name: string, version: 4 | 5, scene: Scene) {
    this.name = name
    this.version = version
    this.scene = scene
  }

  /** Called every few milliseconds. */
  tick(nowMs: number): void {
    if (this.wire === null && this.scene.port !== 0 && (nowMs >= this.onlineAtMs || this.scene.isEnding)) this.connect()
    else if (this.isConnected && !this.#isLeaving) this.act(nowMs)
  }

  connect(): void {
    this.epoch += 1
    this.scene.ledger.statistics.connections += 1
    const wire = new Wire(this.scene.port, this.version, {
      received: (packet) => this.#receive(packet),
      drained: () => this.#isLeaving || this.drained(),
      lost: (wasClosed) => this.#lost(wasClosed),
      failed: (error) => this.fail(`cannot read what the broker sends: ${error.message}`),
    })
    this.wire = wire
    const will = this.will()
    if (this.startsAfresh) this.willStartAfresh()
    wire.send({
      type: 'connect',
      protocolVersion: this.version,
      cleanStart: this.startsAfresh,
      keepAliveSeconds: 0,
      clientIdentifier: this.name,
      will,
      userName: null,
      password: null,
      properties: this.version === 5 ? this.connectProperties() : {},
    })
    if (this.session === 'none') this.session = 'perhaps'
  }

  /** Breaks the connection, or says goodbye. */
  leave(stayAwayMs: number, saysGoodbye: boolean): void {
    this.onlineAtMs = performance.now() + stayAwayMs
    if (!saysGoodbye) this.wire?.destroy()
    else if (!this.#isLeaving) {
      this.#isLeaving = true
      this.wire?.send({ type: 'disconnect', reasonCode: 0, properties: {} })
    }
  }

  fail(text: string): void {
    this.scene.ledger.fail(`${this.name}: ${text}`)
  }

  #receive(packet: ControlPacket): void {
    if (this.#isLeaving) return
    if (packet.type === 'connack') this.#receiveConnack(packet)
    else if (packet.type === 'disconnect') this.#disconnected(packet)
    else if (this.isConnected) this.received(packet)
    else this.fail(`${packet.type} before CONNACK`)
  }

  /** The broker may say that it stops when it has been told to. */
  #disconnected({ reasonCode, properties }: Disconnect): void {
    if (this.scene.port === 0 && reasonCode === ReasonCode.ServerShuttingDown) return
    this.fail(`DISCONNECT 0x${reasonCode.toString(16)} ${properties.reasonString ?? ''}`)
  }

  #receiveConnack({ reasonCode, sessionPresent }: Connack): void {
    if (reasonCode !== 0) {
      this.fail(`CONNACK 0x${reasonCode.toString(16)}`)
      return
    }
    if (this.startsAfresh) {
      if (sessionPresent) this.fail('Session Present 1 in answer to Clean Start 1')
    } else if (this.session === 'stored' && !sessionPresent)
      this.fail('Session Present 0, but the broker had a Session')
    this.isConnected = true
    this.session = 'stored'
    this.startsAfresh = false
    this.connected(sessionPresent)
  }

  #lost(wasClosed: boolean): void {
    const wasConnected = this.isConnected
    this.wire = null
    this.isConnected = false
    this.#isLeaving = false
    this.lost(wasConnected, wasClosed)
  }

  protected connectProperties(): ConnectProperties {
    return { sessionExpiryInterval: 100_000 }
  }

  protected will(): WillMessage | null {
    return null
  }

  protected willStartAfresh(): void {}
  protected act(_nowMs: number): void {}
  protected drained(): void {}
  protected lost(_wasConnected: boolean, _wasClosed: boolean): void {}
  protected abstract connected(sessionPresent: boolean): void
  protected abstract received(packet: ControlPacket): void
}
