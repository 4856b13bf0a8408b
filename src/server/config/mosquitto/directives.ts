/**
 * A mosquitto.conf taken apart: every directive known, with a value that is one, and the listener it is about.
 */
import type { ConfigFault } from '../config-fault.ts'
import { nearestName } from '../nearest-name.ts'
import { type DirectiveLine, placeOf } from './directive-lines.ts'
import { describeShape, readValue } from './directive-value.ts'
import { bridgeDirectives, globalDirectives } from './global-directives.ts'
import { listenerDirectives, pluginOption } from './listener-directives.ts'
import type { Block, Directive, KnownDirective } from './verdict.ts'

export const knownDirectives: Readonly<Record<string, KnownDirective>> = {
  ...globalDirectives,
  ...listenerDirectives,
  ...bridgeDirectives,
}

export interface Conf {
  /** In the order in which they stand. */
  readonly directives: readonly Directive[]
  /** The first is for `port` and its like, whether or not there are any. */
  readonly blocks: readonly Block[]
  /** What is said for all listeners. */
  readonly global: ReadonlyMap<string, Directive>
  readonly isPerListener: boolean
}

export function isKnownDirective(name: string): boolean {
  return Object.hasOwn(knownDirectives, name) || isPluginOption(name)
}

const isPluginOption = (name: string): boolean => /^(?:plugin|auth)_opt_./.test(name)

/** Plugins that come with mosquitto 2.1 and read the files of old. */
const sameAs: ReadonlyMap<string, string> = new Map([
  ['plugin_opt_password_file', 'password_file'],
  ['plugin_opt_acl_file', 'acl_file'],
])

export function readDirectives(lines: readonly DirectiveLine[]): { conf: Conf; faults: ConfigFault[] } {
  const faults: ConfigFault[] = []
  const first: Block = { opens: null, given: new Map() }
  const blocks = [first]
  const global = new Map<string, Directive>()
  const isPerListener = lines.some((line) => line.name === 'per_listener_settings' && /^(?:true|1)$/.test(line.value))
  const directives: Directive[] = []
  let block = first
  let fileNumber = 0
  const blockOfFile = new Map<number, Block>()
  for (const line of lines) {
    if (line.fileNumber !== fileNumber) {
      blockOfFile.set(fileNumber, block)
      fileNumber = line.fileNumber
      block = blockOfFile.get(fileNumber) ?? first
    }
    const known = knownOf(line.name)
    const value = known === null ? null : readValue(known.shape, line.value)
    if (known === null || value === null) {
      faults.push(known === null ? unknownFault(line) : valueFault(line, known))
      continue
    }
    let directive: Directive = { line, known, value, block }
    if (line.name === 'listener') {
      block = { opens: directive, given: new Map() }
      directive = { ...directive, block }
      blocks.push(block)
    }
    directives.push(directive)
    const isLocal = known.scope === 'listener' || (known.scope === 'security' && isPerListener)
    const given = isLocal ? block.given : global
    const name = sameAs.get(line.name) ?? line.name
    // What is a text may stand once, for mosquitto as well.
    if (given.has(name) && !known.repeats && known.shape.type === 'text') faults.push(twiceFault(line))
    given.set(name, directive)
  }
  return { conf: { directives, blocks, global, isPerListener }, faults }
}

function knownOf(name: string): KnownDirective | null {
  const same = sameAs.get(name) ?? name
  if (Object.hasOwn(knownDirectives, same)) return knownDirectives[same] ?? null
  return isPluginOption(name) ? pluginOption : null
}

function unknownFault(line: DirectiveLine): ConfigFault {
  const nearest = nearestName(line.name, Object.keys(knownDirectives))
  const isComment = line.name.startsWith('#')
  const isTab = line.name.includes('\t')
  const advice = isComment
    ? 'begin the line with #, without a blank before it'
    : isTab
      ? 'part the name from its value by a blank, not by a tab'
      : nearest === null
        ? 'correct it, or remove the line'
        : `did you mean ${nearest}?`
  const found = `the unknown directive ${JSON.stringify(line.name)}`
  return { ...placeOf(line), found, expected: 'a directive of mosquitto 2.0 or 2.1', advice }
}

function valueFault(line: DirectiveLine, { shape }: KnownDirective): ConfigFault {
  const found = line.value === '' ? 'nothing behind it' : JSON.stringify(line.value)
  return { ...placeOf(line), found, expected: describeShape(shape), advice: 'correct the value, or remove the line' }
}

function twiceFault(line: DirectiveLine): ConfigFault {
  return { ...placeOf(line), found: 'it a second time', expected: 'it once', advice: 'keep one of the two' }
}
