/**
 * Keep Alive, the client's side: MQTT 5.0 section 3.1.2.10. PINGREQ when nothing was sent for the whole interval; a server
 * that does not answer within another one is taken for gone.
 */
export class KeepAlive {
  readonly #ping: () => void
  readonly #giveUp: () => void
  #intervalMs = 0
  #timer: NodeJS.Timeout | null = null
  #awaitsAnswer = false

  constructor(ping: () => void, giveUp: () => void) {
    this.#ping = ping
    this.#giveUp = giveUp
  }

  /** 0 seconds is off. */
  start(seconds: number): void {
    this.stop()
    this.#intervalMs = seconds * 1000
    if (this.#intervalMs > 0) this.#timer = setTimeout(() => this.#fire(), this.#intervalMs)
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#awaitsAnswer = false
  }

  noteSent(): void {
    if (!this.#awaitsAnswer) this.#timer?.refresh()
  }

  noteAnswer(): void {
    this.#awaitsAnswer = false
  }

  #fire(): void {
    if (this.#awaitsAnswer) {
      this.#giveUp()
      return
    }
    this.#ping()
    this.#awaitsAnswer = true
    this.#timer?.refresh()
  }
}
