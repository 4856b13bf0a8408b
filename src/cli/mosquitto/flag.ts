/**
 * What a flag is: its names, which tools have it, and either a switch or something that takes a value.
 */
import type { Invocation, Tool } from './invocation.ts'
import type { Options } from './options.ts'

/** A value as it stands on the command line: its bytes are the user's own, its text is what they mean as UTF-8. */
export interface FlagValue {
  readonly text: string
  readonly bytes: Buffer
}

interface FlagPlace {
  /** The first is the one that messages use, unless `label` says otherwise. */
  readonly names: readonly string[]
  /** Default: all three. */
  readonly tools?: readonly Tool[]
  /** Not in 2.0.11, so not in drop-in mode. */
  readonly isNative?: boolean
  readonly label?: string
}

export interface ValueFlag extends FlagPlace {
  /** What is missing when nothing follows: `host` makes "no host specified". */
  readonly value: string
  readonly set: (options: Options, value: FlagValue, invocation: Invocation) => void
}

export interface Switch extends FlagPlace {
  readonly turnOn: (options: Options) => void
}

export type Flag = ValueFlag | Switch
