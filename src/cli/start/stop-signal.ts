/**
 * SIGINT and SIGTERM: the first asks the broker to stop in good order, a second ends the process at once.
 *
 * Ctrl-C under npm arrives twice within a moment, once from the terminal and once passed on by npm: that counts as one.
 */
type StopSignal = 'SIGINT' | 'SIGTERM'

/** The part of `process` that is needed, so that a test can stand in for it. */
export interface SignalSource {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown
  off(signal: StopSignal, listener: (signal: StopSignal) => void): unknown
}

export interface StopWatch {
  /** Resolves at the first signal. */
  readonly asked: Promise<void>
  /** Gives the signals back to whoever handles them otherwise. */
  release(): void
}

/** Signals closer together than this are one wish. */
const sameWishMs = 1000

/** Watches for the signals. `exit` is called with 130 or 143 at the second one. */
export function watchForStop(source: SignalSource, exit: (exitCode: number) => void, nowMs: () => number): StopWatch {
  let firstMs: number | null = null
  let ask: () => void = () => {}
  const asked = new Promise<void>((resolve) => {
    ask = resolve
  })
  const receive = (signal: StopSignal) => {
    if (firstMs === null) {
      firstMs = nowMs()
      ask()
    } else if (nowMs() - firstMs >= sameWishMs) {
      exit(signal === 'SIGINT' ? 130 : 143)
    }
  }
  source.on('SIGINT', receive)
  source.on('SIGTERM', receive)
  return {
    asked,
    release: () => {
      source.off('SIGINT', receive)
      source.off('SIGTERM', receive)
    },
  }
}
