/**
 * V8's garbage collector, asked for by name: Node has no other way to it.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** `last-resort` takes several times as long as `regular`, and gives pages back to the system. */
export type Collection =
  | { readonly type: 'minor' }
  | { readonly type: 'major'; readonly flavor: 'regular' | 'last-resort' }

/** Returns when it is done. */
export type Collect = (collection: Collection) => void

/** Null in an engine that has no such function. */
export function findCollector(): Collect | null {
  setFlagsFromString('--expose-gc')
  const found: unknown = runInNewContext('globalThis.gc')
  setFlagsFromString('--no-expose-gc')
  return typeof found === 'function' ? (found as Collect) : null
}
