/**
 * A finding as small as it goes, in a file that says what it is of.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { recorded, type Script } from './script.ts'

/** Leaves out scripts, then packets, as long as it still happens; at most `tries` brokers are started. */
export async function shrink(
  scripts: readonly Script[],
  stillHappens: (scripts: readonly Script[]) => Promise<boolean>,
  tries = 60,
): Promise<readonly Script[]> {
  let smallest = scripts
  let left = tries
  const attempt = async (candidate: readonly Script[]): Promise<boolean> => {
    left -= 1
    if (left < 0 || candidate.length === 0 || !(await stillHappens(candidate))) return false
    smallest = candidate
    return true
  }
  for (let at = scripts.length - 1; at >= 0; at--) await attempt(smallest.filter((_, index) => index !== at))
  for (let script = smallest.length - 1; script >= 0; script--) {
    const packets = () => smallest[script]?.packets ?? []
    for (let size = (packets().length + 1) >> 1; size > 0; size >>= 1) {
      let from = 0
      while (from < packets().length && left > 0) {
        const rest = [...packets().slice(0, from), ...packets().slice(from + size)]
        const without = smallest.map((each, at) => (at === script ? { ...each, packets: rest } : each))
        if (!(await attempt(without))) from += size
      }
    }
  }
  return smallest
}

/** Writes a scene to the corpus; returns the name of its file, which begins with `kind`. */
export function writeDownScene(kind: string, what: string, scripts: readonly Script[], folder: string): string {
  const text = recorded(what, scripts)
  mkdirSync(folder, { recursive: true })
  const name = `${kind}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}.json`
  writeFileSync(join(folder, name), text)
  return name
}
