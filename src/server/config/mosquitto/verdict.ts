/**
 * What becomes of a directive of mosquitto.conf, and what is known of each.
 */
import { type Limits, limitRanges } from '../../../core/limits.ts'
import type { KeyPath } from '../key-path.ts'
import type { DirectiveLine } from './directive-lines.ts'
import type { DirectiveValue, ValueShape } from './directive-value.ts'

export type Verdict =
  /** Values for keys of ours; null where others say what stands there. `note`: what is different; empty for nothing. */
  | {
      readonly type: 'mapped'
      readonly path: KeyPath
      readonly value: DirectiveValue | readonly string[] | null
      readonly note: string
    }
  /** Left out, and nobody is worse off for it. */
  | { readonly type: 'ignored'; readonly why: string }
  /** Without it, somebody could do what they could not under mosquitto, or nothing could work. */
  | { readonly type: 'refused'; readonly why: string; readonly advice: string }
  /** There is nothing like it yet. */
  | { readonly type: 'later'; readonly why: string }

/** Where a directive counts: `security` for all listeners, or with per_listener_settings for one. */
export type Scope = 'global' | 'listener' | 'security' | 'bridge'

export interface KnownDirective {
  readonly scope: Scope
  readonly shape: ValueShape
  /** It may stand several times. */
  readonly repeats: boolean
  readonly verdict: (value: DirectiveValue, at: Surroundings) => Verdict
}

export interface Directive {
  readonly line: DirectiveLine
  readonly known: KnownDirective
  readonly value: DirectiveValue
  readonly block: Block
}

/** What is said about one listener; the first one is the listener that `port` and its like open. */
export interface Block {
  /** The line that begins it; null for the first one. */
  readonly opens: Directive | null
  /** The last of each name. */
  readonly given: Map<string, Directive>
}

export interface Surroundings {
  readonly block: Block
  /** Where `listeners` has it; -1 if it has none. */
  readonly listenerIndex: number
  /** Of every listener. */
  readonly listeners: readonly Block[]
  /** What is said for all listeners. */
  readonly global: ReadonlyMap<string, Directive>
}

type Decide = (value: DirectiveValue, at: Surroundings) => Verdict

/** What every directive of a table begins with. */
export function directive(scope: Scope, shape: ValueShape, verdict: Verdict | Decide, repeats = false): KnownDirective {
  return { scope, shape, repeats, verdict: typeof verdict === 'function' ? verdict : () => verdict }
}

export function ignored(why: string): Verdict {
  return { type: 'ignored', why }
}

export function refused(why: string, advice: string): Verdict {
  return { type: 'refused', why, advice }
}

export function mapped(path: KeyPath, value: DirectiveValue | readonly string[] | null, note = ''): Verdict {
  return { type: 'mapped', path, value, note }
}

/** A limit of ours; `none` is what mosquitto's 0 means there. */
export function limit(name: keyof Limits, note = '', none: number | null = null): Decide {
  const [lowest, highest] = limitRanges[name]
  return (value) => {
    const wanted = value === 0 && none !== null ? none : Number(value)
    const taken = Math.min(Math.max(wanted, lowest), highest)
    const bound = taken === wanted ? [] : [`${taken} is the nearest that is possible`]
    return mapped(['limits', name], taken, [...bound, ...(note === '' ? [] : [note])].join('; '))
  }
}
