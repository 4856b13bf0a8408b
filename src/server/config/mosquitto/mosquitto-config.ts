/**
 * A mosquitto.conf as a configuration of ours, and what became of each of its lines.
 */
import { extname, resolve } from 'node:path'
import type { ConfigFault } from '../config-fault.ts'
import { configSchema, knownKeys } from '../config-schema.ts'
import type { KeyPath } from '../key-path.ts'
import { placeOf, readDirectiveLines } from './directive-lines.ts'
import { type Conf, isKnownDirective, readDirectives } from './directives.ts'
import { logLevels } from './global-directives.ts'
import { type ConfListeners, readListeners } from './listener-urls.ts'
import type { Directive, Verdict } from './verdict.ts'
import { type WhoMayConnect, whoMayConnect } from './who-may-connect.ts'

/** One line and what became of it. */
export interface ImportRow {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly value: string
  readonly verdict: Verdict
}

export interface ConfPlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface MosquittoConfig {
  /** Of every line, in order. */
  readonly rows: readonly ImportRow[]
  /** In the shape of our file: what could be taken over. */
  readonly values: Readonly<Record<string, unknown>>
  /** Which line each value comes from, by its path as JSON. */
  readonly places: ReadonlyMap<string, ConfPlace>
  /** What keeps a broker from starting with it: what is no mosquitto.conf, and what is refused. */
  readonly faults: readonly ConfigFault[]
}

/** By the ending of its name, or else by the first line that says something. */
export function isMosquittoConf(file: string, text: string): boolean {
  const ending = extname(file).toLowerCase()
  if (ending === '.conf') return true
  if (['.yaml', '.yml', '.json'].includes(ending)) return false
  const [, name = ''] = /^(?!#)[ \t]*([a-z_][a-z0-9_.]*)[ \t]/m.exec(text) ?? []
  return isKnownDirective(name)
}

/** Relative paths start from `directory`, as they do for mosquitto. @throws ConfigError if a file cannot be read. */
export function readMosquittoConf(file: string, directory: string): MosquittoConfig {
  const { conf, faults } = readDirectives(readDirectiveLines(file, directory))
  const listeners = readListeners(conf)
  const who = whoMayConnect(conf, listeners)
  const judged = conf.directives.map((directive) => ({
    directive,
    verdict: verdictOf(directive, conf, listeners, who),
  }))
  const refusals = who.refusals.flatMap(({ directive, why, advice }): Judged[] => {
    return directive === null ? [] : [{ directive, verdict: { type: 'refused', why, advice } }]
  })
  const rows = [...judged, ...refusals].map(rowOf)
  const collected = new Collected()
  collect(collected, conf, listeners, who, directory)
  for (const { directive, verdict } of judged) {
    if (verdict.type !== 'mapped' || verdict.value === null || directive.line.name.startsWith('log_')) continue
    collected.put(verdict.path, verdict.value, directive)
  }
  return {
    rows,
    values: collected.values,
    places: collected.places,
    faults: [...faults, ...listeners.faults, ...rows.flatMap(refusalFault), ...withoutLine(who, file)],
  }
}

interface Judged {
  readonly directive: Directive
  readonly verdict: Verdict
}

function rowOf({ directive: { line }, verdict }: Judged): ImportRow {
  return { file: line.file, line: line.line, name: line.name, value: line.value, verdict }
}

function verdictOf(directive: Directive, conf: Conf, { listeners }: ConfListeners, who: WhoMayConnect): Verdict {
  const { block, known, value, line } = directive
  const blocks = listeners.map((listener) => listener.block)
  const at = { block, listenerIndex: blocks.indexOf(block), listeners: blocks, global: conf.global }
  const verdict = known.verdict(value, at)
  const path = securityPaths.get(line.name.replace(/^plugin_opt_/, ''))
  if (verdict.type !== 'mapped' || path === undefined) return verdict
  if (!hasKey(path)) {
    const what = line.name.includes('acl') ? 'rules about who may do what' : 'passwords'
    return {
      type: 'refused',
      why: `Pabal does not read this file yet: it would start without ${what}`,
      advice: 'write users into a configuration file of Pabal: authentication.users',
    }
  }
  const isInForce = [who.passwordFile, who.aclFile, who.allowAnonymousFrom].includes(directive)
  return { ...verdict, path, note: isInForce ? verdict.note : 'as for the other listeners' }
}

/** Keys of ours for who may connect, and what they may do. */
const securityPaths: ReadonlyMap<string, KeyPath> = new Map([
  ['allow_anonymous', ['allowAnonymous']],
  ['listener_allow_anonymous', ['allowAnonymous']],
  ['password_file', ['authentication', 'passwordFile']],
  ['acl_file', ['access', 'aclFile']],
])

function hasKey(path: KeyPath): boolean {
  const keys = knownKeys(configSchema({ directory: '', environment: {} }), path.slice(0, -1))
  return keys.includes(String(path.at(-1)))
}

function refusalFault({ verdict, ...row }: ImportRow): ConfigFault[] {
  if (verdict.type !== 'refused') return []
  const { why, advice } = verdict
  return [
    {
      ...placeOf(row),
      found: `${row.name} ${row.value}`,
      expected: `a line that can be left out or taken over: ${why}`,
      advice,
    },
  ]
}

/** Of a file that says nothing at all about who may connect. */
function withoutLine({ refusals }: WhoMayConnect, file: string): ConfigFault[] {
  return refusals.flatMap(({ directive, why, advice }) => {
    if (directive !== null) return []
    return [{ file, line: null, column: null, key: '', found: 'nobody who may connect', expected: why, advice }]
  })
}

/** Values in the shape of our file, and the line of each. */
class Collected {
  readonly values: Record<string, unknown> = {}
  readonly places = new Map<string, ConfPlace>()

  put(path: KeyPath, value: unknown, from: Directive | null): void {
    let current = this.values
    for (const step of path.slice(0, -1)) {
      current[String(step)] ??= {}
      // Made here and nowhere else.
      current = current[String(step)] as Record<string, unknown>
    }
    current[String(path.at(-1))] = value
    if (from !== null) this.place(path, from)
  }

  place(path: KeyPath, { line: { file, line } }: Directive): void {
    this.places.set(JSON.stringify(path), { file, line, column: 1 })
  }
}

/** What several lines say together. */
function collect(
  into: Collected,
  conf: Conf,
  { listeners, isLocalOnly }: ConfListeners,
  who: WhoMayConnect,
  directory: string,
): void {
  into.put(
    ['listeners'],
    listeners.map(({ url }) => url),
    null,
  )
  for (const [index, { line }] of listeners.entries()) if (line !== null) into.place(['listeners', index], line)
  const { allowAnonymous, allowAnonymousFrom, passwordFile, aclFile } = who
  if (allowAnonymous && (!isLocalOnly || passwordFile !== null)) into.put(['allowAnonymous'], true, allowAnonymousFrom)
  for (const [name, directive] of [
    ['password_file', passwordFile],
    ['acl_file', aclFile],
  ] as const) {
    const path = securityPaths.get(name)
    if (directive !== null && path !== undefined) into.put(path, resolve(directory, String(directive.value)), directive)
  }
  // mosquitto may read it, too: weak hashes are left as they are.
  if (passwordFile !== null) into.put(['authentication', 'rehash'], false, passwordFile)
  const level = logLevelOf(conf)
  if (level !== null) into.put(['log', 'level'], level.level, level.from)
}

/** The level with the most lines of all log_type; `silent` if nothing is to be written anywhere. */
function logLevelOf({ directives }: Conf): { level: string; from: Directive } | null {
  const named = (name: string) => directives.filter(({ line }) => line.name === name)
  const destinations = named('log_dest')
  const [destination] = destinations
  if (destination !== undefined && destinations.every(({ value }) => value === 'none')) {
    return { level: 'silent', from: destination }
  }
  const types = named('log_type').map((from) => ({ level: logLevels[String(from.value)] ?? '', from }))
  for (const level of ['debug', 'info', 'warn', 'error', 'silent']) {
    const found = types.find((each) => each.level === level)
    if (found !== undefined) return found
  }
  return null
}
