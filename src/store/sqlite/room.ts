/**
 * Whether the disk has room for more messages, and what is done when it has not: the write-ahead log is moved to the
 * database, the reserve is given up, pages that nobody uses go back to the file system, and the reserve is made again when
 * all of that, or somebody else, has made room.
 */
import { statfsSync } from 'node:fs'
import { isDiskFull } from './data-directory.ts'
import type { Database } from './database.ts'
import { Reserve } from './reserve.ts'

/** Looks at the free space after so many bytes, and so often while there is none. */
const lookEveryBytes = 4 * 1024 * 1024
const lookEveryMs = 500
/** What opening a database may take. */
const openingBytes = 1024 * 1024
/** Pages given back to the file system at every look while there is no room. */
const pagesPerLook = 2048

export interface RoomOptions {
  readonly directory: string
  /** Bytes that must stay free: below, there is no room for more messages. */
  readonly freeBytesMin: number
}

export class Room {
  readonly #directory: string
  readonly #freeBytesMin: number
  readonly #reserve: Reserve
  #database: Database | null = null
  #changed: (hasRoom: boolean) => void = () => {}
  #hasRoom = true
  #bytesSinceLook = 0
  #timer: NodeJS.Timeout | null = null

  /** Before the database is opened, which a full disk would not allow. */
  constructor({ directory, freeBytesMin }: RoomOptions) {
    this.#directory = directory
    this.#freeBytesMin = freeBytesMin
    this.#reserve = new Reserve(directory, Math.floor(freeBytesMin / 2))
    if (this.#freeBytes() < openingBytes) this.#reserve.release()
  }

  /** From here on `changed` is told when there is no room, and when there is again. */
  watch(database: Database, changed: (hasRoom: boolean) => void): void {
    this.#database = database
    this.#changed = changed
    database.limitLog(this.#reserve.bytes)
    this.look()
  }

  /** So much has been written. */
  written(bytes: number): void {
    this.#bytesSinceLook += bytes
    if (this.#bytesSinceLook > lookEveryBytes) this.look()
  }

  look(): void {
    this.#bytesSinceLook = 0
    const reserve = this.#reserve
    if (!this.#hasRoom) this.#giveBack()
    if (!reserve.isHeld && this.#freeBytes() >= reserve.bytes + this.#freeBytesMin) reserve.make()
    const usable = this.#freeBytes() + (this.#database?.freeBytes() ?? 0)
    this.#set(reserve.isHeld && usable >= this.#freeBytesMin)
  }

  /** Something did not fit. Makes what space can be made; false if none was left to make. */
  makeSpace(): boolean {
    this.#set(false)
    if (this.#database?.checkpoint() === true) return true
    if (!this.#reserve.release()) return false
    this.#database?.checkpoint()
    return true
  }

  /** There is space for what makes some later. */
  get isComfortable(): boolean {
    return this.#reserve.isHeld
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /** Pages that nobody uses go back to the file system, which others share. */
  #giveBack(): void {
    const database = this.#database
    if (database === null || database.freeBytes() === 0) return
    try {
      database.shrink(pagesPerLook)
    } catch (error) {
      if (!isDiskFull(error)) throw error
    }
    database.checkpoint()
  }

  #set(hasRoom: boolean): void {
    if (!hasRoom && this.#timer === null) {
      this.#timer = setTimeout(() => {
        this.#timer = null
        this.look()
      }, lookEveryMs)
      this.#timer.unref()
    }
    if (hasRoom === this.#hasRoom) return
    this.#hasRoom = hasRoom
    this.#changed(hasRoom)
  }

  /** On the file system. */
  #freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#directory)
    return bavail * bsize
  }
}
