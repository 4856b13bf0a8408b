/**
 * Space on the disk that is kept for the day there is none: a file that is given up then, so that acknowledgements and trims
 * can still be written, and is made again when there is room. It holds what the write-ahead log does: with it the log can
 * be moved to the database, and has all of its own space again.
 */
import { randomFillSync } from 'node:crypto'
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const name = 'reserve'
const chunkSize = 1024 * 1024

export class Reserve {
  readonly bytes: number
  readonly #path: string
  #isHeld: boolean

  constructor(directory: string, bytes: number) {
    this.#path = join(directory, name)
    this.bytes = bytes
    this.#isHeld = statSync(this.#path, { throwIfNoEntry: false })?.size === bytes
  }

  get isHeld(): boolean {
    return this.#isHeld
  }

  /** Gives the space up. False if it was given up before. */
  release(): boolean {
    if (!this.#isHeld) return false
    this.#isHeld = false
    rmSync(this.#path, { force: true })
    return true
  }

  /** Takes the space, if it is there. */
  make(): void {
    const file = openSync(this.#path, 'w', 0o600)
    try {
      // A file system that compresses finds nothing to save in this.
      const chunk = randomFillSync(new Uint8Array(chunkSize))
      for (let left = this.bytes; left > 0; ) left -= writeSync(file, chunk, 0, Math.min(chunkSize, left))
      this.#isHeld = true
    } catch (error) {
      rmSync(this.#path, { force: true })
      if (!isNoSpace(error)) throw error
    } finally {
      closeSync(file)
    }
  }
}

/** The file system is full, or the user's share of it. */
export function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}
