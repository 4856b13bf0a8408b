/**
 * A client whose connections end in every way, each with a will of its own; says how often each must be seen.
 */
import type { ConnectProperties, WillMessage } from '../../src/protocol/index.ts'
import { CrashClient, type Scene } from './crash-client.ts'

const delaySeconds = 1

export class WillClient extends CrashClient {
  readonly #keepsSession: boolean
  readonly #delays: boolean
  #current = ''
  /** The will of the connection before, if its delay has not run out for sure. */
  #pending: { will: string; brokenAtMs: number } | null = null
  /** Stays away until this will has been seen. */
  #awaited: string | null = null
  #leaveAtMs = 0
  #saidGoodbye = false

  constructor(name: string, version: 4 | 5, options: { keepsSession: boolean; delays: boolean }, scene: Scene) {
    super(name, version, scene)
    this.#keepsSession = options.keepsSession
    this.#delays = options.delays
  }

  protected override connectProperties(): ConnectProperties {
    return { sessionExpiryInterval: this.#keepsSession ? 100_000 : 0 }
  }

  override tick(nowMs: number): void {
    const { wills } = this.scene.ledger
    if (this.#awaited !== null) {
      if (!wills.wasSeen(this.#awaited)) return
      this.#awaited = null
    }
    if (this.wire === null && this.scene.isEnding) return
    super.tick(nowMs)
  }

  override connect(): void {
    if (!this.#keepsSession) {
      this.session = 'none'
      this.startsAfresh = true
    }
    super.connect()
  }

  protected override will(): WillMessage {
    this.#current = `${this.name}:${this.epoch}`
    this.#saidGoodbye = false
    this.scene.ledger.wills.expect(this.#current, 0, 1, 'CONNECT was sent')
    // Whether the broker gets that far decides whether it is cancelled.
    if (this.#pending !== null) this.scene.ledger.wills.expect(this.#pending.will, 0, 1, 'the client came back')
    return {
      topicName: `w/${this.name}`,
      payload: Buffer.from(this.#current),
      qos: 2,
      retain: false,
      properties: this.version === 5 && this.#delays ? { willDelayInterval: delaySeconds } : {},
    }
  }

  protected override connected(): void {
    const nowMs = performance.now()
    const { wills } = this.scene.ledger
    if (this.#pending !== null && nowMs < this.#pending.brokenAtMs + delaySeconds * 1000 - 10) {
      wills.expect(this.#pending.will, 0, 0, 'the client came back before the delay was over')
    }
    this.#pending = null
    this.#leaveAtMs = nowMs + this.scene.random.between(0, 1500)
  }

  protected override act(nowMs: number): void {
    if (nowMs < this.#leaveAtMs && !this.scene.isEnding) return
    this.#saidGoodbye = this.scene.random.chance(0.3)
    this.leave(this.scene.random.between(0, 400), this.#saidGoodbye)
  }

  protected override lost(wasConnected: boolean, wasClosed: boolean): void {
    const { wills } = this.scene.ledger
    const will = this.#current
    // Nobody knows how far the broker got: it may come or not.
    if (!wasConnected) return
    if (this.#saidGoodbye) {
      // A process that is killed looks like one that closes.
      if (wasClosed && this.scene.port !== 0) wills.expect(will, 0, 0, 'the client said goodbye')
      return
    }
    wills.expect(will, 1, 1, 'the connection broke')
    if (!this.#delays || !this.#keepsSession) return
    if (this.scene.random.chance(0.5)) this.#awaited = will
    else this.#pending = { will, brokenAtMs: performance.now() }
  }

  protected override received(packet: { type: string }): void {
    this.fail(`unexpected ${packet.type}`)
  }
}
