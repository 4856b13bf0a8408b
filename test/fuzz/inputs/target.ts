/**
 * Something of the broker that reads bytes from outside: configuration files, requests of the HTTP API, headers of proxies, WebSockets.
 */
export interface Target {
  /** Names what is found in it. */
  readonly name: string
  /** Folders of src/ whose code guides the search. */
  readonly folders: readonly string[]
  /** Inputs to begin with, one for each way through the code that nobody would find by chance. */
  readonly seeds: readonly Buffer[]
  /** What means something to it. */
  readonly words: readonly string[]
  /** No input is longer. */
  readonly bytesMost: number
  /** What one input may take of the processor. */
  readonly slowestMs: number
  start(): Promise<Fed>
}

/** A target that was started. */
export interface Fed extends AsyncDisposable {
  /** Throws what is a finding: anything that the target does not say with an error or an answer of its own. */
  feed(input: Buffer): void | Promise<void>
}

/** For what comes from the network, while others wait. */
export const fromOutside = { bytesMost: 32_768, slowestMs: 50 } as const
/** For files of the operator, who waits for nobody but himself: what is quadratic shows still. */
export const fromOperator = { bytesMost: 8192, slowestMs: 500 } as const

/** For what needs nothing to be started. */
export function fedBy(feed: (input: Buffer) => void): Promise<Fed> {
  return Promise.resolve({ feed, [Symbol.asyncDispose]: () => Promise.resolve() })
}
