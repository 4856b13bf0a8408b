/**
 * What the scenarios of scale measure with: temporary directories, memory after garbage collection, time.
 */
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export class DataDirectory implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'pabal-scale-'))

  get bytes(): number {
    return readdirSync(this.path).reduce((sum, name) => sum + statSync(join(this.path, name)).size, 0)
  }

  /** What a crash at this moment would leave. */
  copy(): DataDirectory {
    const copy = new DataDirectory()
    for (const name of readdirSync(this.path)) {
      if (name.startsWith('pabal.db')) cpSync(join(this.path, name), join(copy.path, name))
    }
    return copy
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Bytes of objects and buffers that are in use. */
export function memoryInUse(): number {
  collectGarbage()
  // What the first round finalises the second frees.
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Seconds on the clock, and of processor time of all threads: the two are apart where other work goes on beside. */
export interface Duration {
  readonly seconds: number
  readonly processorSeconds: number
}

export async function durationOf(work: () => Promise<void>): Promise<Duration> {
  const before = process.cpuUsage()
  const startMs = performance.now()
  await work()
  const { user, system } = process.cpuUsage(before)
  return { seconds: (performance.now() - startMs) / 1000, processorSeconds: (user + system) / 1e6 }
}
