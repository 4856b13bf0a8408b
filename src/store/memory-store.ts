/**
 * The log in this process's memory: nothing survives the process, everything else is as the port says.
 */
import type { CoreRecord } from '../core/record.ts'
import type { LogPort, Seq, StoredRecord } from './log-port.ts'

interface ShardLog {
  records: StoredRecord[]
  head: Seq
}

export class MemoryStore implements LogPort {
  readonly #shards = new Map<number, ShardLog>()

  append(shard: number, batch: readonly CoreRecord[]): Promise<{ first: Seq }> {
    const log = this.#shard(shard)
    const first = log.head + 1
    for (const record of batch) {
      log.head += 1
      log.records.push({ seq: log.head, record })
    }
    return Promise.resolve({ first })
  }

  async *read(shard: number, from: Seq): AsyncGenerator<StoredRecord> {
    for (const stored of this.#shard(shard).records) if (stored.seq >= from) yield stored
  }

  head(shard: number): Promise<Seq> {
    return Promise.resolve(this.#shard(shard).head)
  }

  trim(shard: number, before: Seq, keep: readonly Seq[]): Promise<void> {
    const log = this.#shard(shard)
    const kept = new Set(keep)
    if (kept.size === 0 && before > log.head) log.records = []
    else log.records = log.records.filter(({ seq }) => seq >= before || kept.has(seq))
    return Promise.resolve()
  }

  #shard(shard: number): ShardLog {
    let log = this.#shards.get(shard)
    if (log === undefined) {
      log = { records: [], head: 0 }
      this.#shards.set(shard, log)
    }
    return log
  }
}
