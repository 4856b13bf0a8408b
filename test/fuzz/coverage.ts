/**
 * Which code of ours has run, character by character, as V8 counts it: says whether something new has run since the last question.
 */
import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../src/', import.meta.url))

/** Where the code of these folders of src/ is. */
export function foldersOf(...folders: readonly string[]): string[] {
  return folders.map((folder) => `file://${source}${folder}/`)
}

/** Functions that have run: outer ranges first, the counts of inner ones hold for their part. */
export type Ran = readonly {
  readonly url: string
  readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[]
}[]

export class Coverage implements AsyncDisposable {
  readonly #session = new Session()
  readonly #beginnings: readonly string[]
  /** For each function of each file what of it has run. */
  readonly #covered = new Map<string, Uint8Array>()
  /** Characters that have run. */
  characters = 0

  /** Files are looked at whose address begins with one of these. */
  constructor(beginnings: readonly string[]) {
    this.#beginnings = beginnings
  }

  async start(): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** What has run since it was asked last. */
  async take(): Promise<Ran> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage')
    return result
      .filter(({ url }) => this.#beginnings.some((beginning) => url.startsWith(beginning)))
      .flatMap(({ url, functions }) => functions.map(({ ranges }) => ({ url, ranges })))
      .filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0)
  }

  /** Characters of it that had not run; from now on they have. */
  add(ran: Ran): number {
    return this.#compare(ran, true)
  }

  /** The same, and they still have not. */
  countNew(ran: Ran): number {
    return this.#compare(ran, false)
  }

  #compare(ran: Ran, isKept: boolean): number {
    let fresh = 0
    for (const { url, ranges } of ran) {
      const { startOffset = 0, endOffset = 0 } = ranges[0] ?? {}
      const key = `${url}:${startOffset}:${endOffset}`
      const covered = this.#covered.get(key) ?? new Uint8Array(endOffset - startOffset)
      const now = new Uint8Array(endOffset - startOffset)
      for (const range of ranges) {
        now.fill(range.count > 0 ? 1 : 0, range.startOffset - startOffset, range.endOffset - startOffset)
      }
      for (let at = 0; at < now.length; at++) {
        if (now[at] === 0 || covered[at] === 1) continue
        fresh += 1
        if (isKept) covered[at] = 1
      }
      if (isKept) this.#covered.set(key, covered)
    }
    if (isKept) this.characters += fresh
    return fresh
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.post('Profiler.stopPreciseCoverage')
    this.#session.disconnect()
  }
}
