/**
 * Which records of the log, a bit for each in a stretch that holds one: there may be a million, and all of them are written down whenever a
 * snapshot is made.
 *
 * A snapshot says what was so at one moment, but is written down bit by bit: what it looks at is not changed any more, the set goes on with a
 * copy of each stretch that changes.
 */
import type { Seq } from '../record.ts'

const tableSize = 1024

interface Table {
  readonly index: number
  readonly bits: Uint32Array
  count: number
  /** How often the set had been frozen when this was made: if it has been since, this is not changed any more. */
  readonly epoch: number
}

export class SeqSet {
  readonly #tables = new Map<number, Table>()
  #size = 0
  #epoch = 0

  get size(): number {
    return this.#size
  }

  /** `seq` is not in it. */
  add(seq: Seq): void {
    const index = Math.floor(seq / tableSize)
    const table = this.#changeable(index, this.#tables.get(index))
    const word = (seq % tableSize) >>> 5
    table.bits[word] = (table.bits[word] ?? 0) | (1 << (seq & 31))
    table.count += 1
    this.#size += 1
  }

  /** `seq` is in it. */
  delete(seq: Seq): void {
    const index = Math.floor(seq / tableSize)
    const known = this.#tables.get(index)
    if (known === undefined) return
    const table = this.#changeable(index, known)
    const word = (seq % tableSize) >>> 5
    table.bits[word] = (table.bits[word] ?? 0) & ~(1 << (seq & 31))
    table.count -= 1
    this.#size -= 1
    if (table.count === 0) this.#tables.delete(index)
  }

  /** All that are in it now, whatever becomes of it. */
  freeze(): FrozenSeqs {
    this.#epoch += 1
    return new FrozenSeqs([...this.#tables.values()], this.#size)
  }

  #changeable(index: number, known: Table | undefined): Table {
    if (known?.epoch === this.#epoch) return known
    const bits = known === undefined ? new Uint32Array(tableSize / 32) : known.bits.slice()
    const table = { index, bits, count: known?.count ?? 0, epoch: this.#epoch }
    this.#tables.set(index, table)
    return table
  }
}

/** Ascending. Walking a part of it costs what the part does. */
export class FrozenSeqs implements Iterable<Seq> {
  readonly length: number
  readonly #tables: readonly Table[]

  constructor(tables: Table[], length: number) {
    this.length = length
    this.#tables = tables.sort((one, other) => one.index - other.index)
  }

  *[Symbol.iterator](): Generator<Seq, void> {
    for (const { index, bits } of this.#tables) {
      for (let word = 0; word < bits.length; word++) {
        let left = bits[word] ?? 0
        while (left !== 0) {
          const place = 31 - Math.clz32(left & -left)
          yield index * tableSize + word * 32 + place
          left &= left - 1
        }
      }
    }
  }
}
