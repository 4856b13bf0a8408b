/**
 * Which records of the log are still needed, and by how many: everything else may be trimmed. @hot
 *
 * A message is needed once for each durable copy that is not settled, and once while it is a Retained Message. Counts stand
 * in small tables side by side: four bytes for each record in a stretch of the log that holds a live one.
 */
const tableSize = 1024
const tablesPerStep = 32

interface Table {
  readonly counts: Uint32Array
  live: number
}

export class LiveRecords {
  readonly #tables = new Map<number, Table>()
  #last: Table | null = null
  #lastIndex = -1
  #count = 0

  /** Records that are needed. */
  get count(): number {
    return this.#count
  }

  /** `seq` is needed `times` more. */
  add(seq: number, times: number): void {
    if (times === 0) return
    const table = this.#table(Math.floor(seq / tableSize))
    const place = seq % tableSize
    const before = table.counts[place] ?? 0
    if (before === 0) {
      table.live += 1
      this.#count += 1
    }
    table.counts[place] = before + times
  }

  /** `seq` is needed once less; returns how often it is needed now. */
  release(seq: number): number {
    const index = Math.floor(seq / tableSize)
    const table = this.#lastIndex === index ? this.#last : (this.#tables.get(index) ?? null)
    const place = seq % tableSize
    const before = table?.counts[place] ?? 0
    if (table === null || before === 0) throw new Error(`record ${seq} was released more often than it was needed`)
    table.counts[place] = before - 1
    if (before > 1) return before - 1
    table.live -= 1
    this.#count -= 1
    if (table.live === 0) {
      this.#tables.delete(index)
      if (this.#last === table) this.#forgetLast()
    }
    return 0
  }

  has(seq: number): boolean {
    return this.timesNeeded(seq) > 0
  }

  timesNeeded(seq: number): number {
    return this.#tables.get(Math.floor(seq / tableSize))?.counts[seq % tableSize] ?? 0
  }

  /**
   * The live records before `before` as runs: first and last seq in turn, ascending. In steps of so many records, between which the rest
   * may change: what is needed no more may be in it all the same, and nobody begins to need a record again.
   */
  *runsInSteps(before: number): Generator<undefined, number[]> {
    const runs: number[] = []
    const indexes = [...this.#tables.keys()].sort((one, other) => one - other)
    let looked = 0
    for (const index of indexes) {
      if (looked > 0 && looked % tablesPerStep === 0) yield
      looked += 1
      const counts = this.#tables.get(index)?.counts ?? new Uint32Array(0)
      for (let place = 0; place < counts.length; place++) {
        if (counts[place] === 0) continue
        const seq = index * tableSize + place
        if (seq >= before) return runs
        if (runs[runs.length - 1] === seq - 1) runs[runs.length - 1] = seq
        else runs.push(seq, seq)
      }
    }
    return runs
  }

  #table(index: number): Table {
    if (this.#lastIndex === index && this.#last !== null) return this.#last
    let table = this.#tables.get(index)
    if (table === undefined) {
      table = { counts: new Uint32Array(tableSize), live: 0 }
      this.#tables.set(index, table)
    }
    this.#last = table
    this.#lastIndex = index
    return table
  }

  #forgetLast(): void {
    this.#last = null
    this.#lastIndex = -1
  }
}
