/**
 * What stands at the beginning of every payload of a run: which run, which publisher, the how manieth, and when it was sent.
 *
 * Four bytes that say it is one of ours, three numbers of four bytes each, and a time of eight, in milliseconds since 1970.
 */
const mark = 0x50_42_4c_31

export const stampBytes = 24

export interface Stamp {
  readonly run: number
  readonly publisher: number
  readonly sequence: number
  readonly sentMs: number
}

/** Milliseconds since 1970, to the microsecond. */
export function stampNowMs(): number {
  return performance.timeOrigin + performance.now()
}

export function writeStamp(bytes: Buffer, at: number, { run, publisher, sequence, sentMs }: Stamp): void {
  bytes.writeUInt32BE(mark, at)
  bytes.writeUInt32BE(run, at + 4)
  bytes.writeUInt32BE(publisher, at + 8)
  bytes.writeUInt32BE(sequence, at + 12)
  bytes.writeDoubleBE(sentMs, at + 16)
}

/** Null if the payload is none of ours. */
export function readStamp(payload: Buffer): Stamp | null {
  if (payload.length < stampBytes || payload.readUInt32BE(0) !== mark) return null
  return {
    run: payload.readUInt32BE(4),
    publisher: payload.readUInt32BE(8),
    sequence: payload.readUInt32BE(12),
    sentMs: payload.readDoubleBE(16),
  }
}
