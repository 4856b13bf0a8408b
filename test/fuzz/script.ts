/**
 * What one client does to a broker: bytes in the order in which they are sent, and how it leaves. Scripts of one scene run at once.
 */
export interface Script {
  /** What its CONNECT says it speaks; 0 if that is damaged, and nobody knows in which form the broker answers. */
  readonly version: 0 | 4 | 5
  readonly packets: readonly Buffer[]
  /** `close` waits for the broker to have answered everything; `break` is a reset in the middle. */
  readonly ending: 'close' | 'break'
}

/** A scene in a file of the corpus: packets as hexadecimal digits. */
export interface RecordedScene {
  /** What went wrong, in a sentence. */
  readonly found: string
  readonly scripts: readonly {
    readonly version: 0 | 4 | 5
    readonly packets: readonly string[]
    readonly ending: 'close' | 'break'
  }[]
}

export function recorded(found: string, scripts: readonly Script[]): string {
  const plain = scripts.map(({ version, packets, ending }) => ({
    version,
    packets: packets.map((packet) => packet.toString('hex')),
    ending,
  }))
  return `${JSON.stringify({ found, scripts: plain } satisfies RecordedScene, null, 2)}\n`
}

export function scriptsOf(text: string): Script[] {
  // Only `recorded` writes these files.
  const { scripts } = JSON.parse(text) as RecordedScene
  return scripts.map((script) => ({ ...script, packets: script.packets.map((digits) => Buffer.from(digits, 'hex')) }))
}

export function countPackets(scripts: readonly Script[]): number {
  return scripts.reduce((total, { packets }) => total + packets.length, 0)
}
