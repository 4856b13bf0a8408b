/**
 * Which records of the log, a bit for each in a stretch that holds one: there may be a million, and all of them are written down whenever a
 * snapshot is made.
 */
import type { Seq } from '../record.ts'

const tableSize = 1024

interface Table {
  readonly bits: Uint32Array
  count: number
}

export class SeqSet {
  readonly #tables = new Map<number, Table>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** `seq` is not in it. */
  add(seq: Seq): void {
    const index = Math.floor(seq / tableSize)
    let table = this.#tables.get(index)
    if (table === undefined) {
      table = { bits: new Uint32Array(tableSize / 32), count: 0 }
      this.#tables.set(index, table)
    }
    const word = (seq % tableSize) >>> 5
    table.bits[word] = (table.bits[word] ?? 0) | (1 << (seq & 31))
    table.count += 1
    this.#size += 1
  }

  /** `seq` is in it. */
  delete(seq: Seq): void {
    const index = Math.floor(seq / tableSize)
    const table = this.#tables.get(index)
    if (table === undefined) return
    const word = (seq % tableSize) >>> 5
    table.bits[word] = (table.bits[word] ?? 0) & ~(1 << (seq & 31))
    table.count -= 1
    this.#size -= 1
    if (table.count === 0) this.#tables.delete(index)
  }

  /** All of them, ascending. */
  toArray(): Seq[] {
    const seqs: Seq[] = []
    for (const index of Float64Array.from(this.#tables.keys()).sort()) {
      const bits = this.#tables.get(index)?.bits ?? new Uint32Array(0)
      for (let word = 0; word < bits.length; word++) {
        let left = bits[word] ?? 0
        while (left !== 0) {
          const place = 31 - Math.clz32(left & -left)
          seqs.push(index * tableSize + word * 32 + place)
          left &= left - 1
        }
      }
    }
    return seqs
  }
}
