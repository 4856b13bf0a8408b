/**
 * A door for expensive work: so many at a time, so many waiting, the rest turned away.
 *
 * Without it, a flood of CONNECTs would queue password hashes without end and starve everything else that uses the
 * thread pool. The order of arrival is kept.
 */
export class TooBusyError extends Error {
  constructor() {
    super('too many password checks are waiting')
    this.name = 'TooBusyError'
  }
}

export class WorkGate {
  private readonly runningMax: number
  private readonly waitingMax: number
  private readonly waiting: (() => void)[] = []
  private running = 0

  constructor(runningMax: number, waitingMax: number) {
    this.runningMax = runningMax
    this.waitingMax = waitingMax
  }

  /** Runs `work` once there is room. @throws TooBusyError at once if too many are waiting already. */
  async pass<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.running < this.runningMax) {
      this.running++
    } else {
      if (this.waiting.length >= this.waitingMax) throw new TooBusyError()
      // Whoever leaves hands its place over, so `running` stays as it is.
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve)
      })
    }
    try {
      return await work()
    } finally {
      const next = this.waiting.shift()
      if (next === undefined) this.running--
      else next()
    }
  }
}
