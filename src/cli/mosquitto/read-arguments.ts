/**
 * From a command line and the files of defaults to `Options`, or to the mistake in them.
 *
 * Order matters: files first, then arguments from left to right; the first mistake found is the one reported.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Flag, FlagValue } from './flag.ts'
import { flags, missingValueText } from './flags.ts'
import type { Invocation } from './invocation.ts'
import { defaultOptions, type Options } from './options.ts'
import { propertyListFault, readPropertyFlag } from './property-flag.ts'
import { UsageError } from './usage-error.ts'

export interface ArgumentSources {
  readonly invocation: Invocation
  /** As the user typed them, byte for byte. */
  readonly argumentBytes: readonly Buffer[]
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** @throws UsageError, HelpRequest */
export function readArguments(sources: ArgumentSources): Options {
  const { invocation, argumentBytes } = sources
  const options = defaultOptions(invocation)
  const reader = new ArgumentReader(options, invocation)
  const chosen = invocation.isDropIn ? null : takeFileFlag(argumentBytes)
  const files = chosen?.file === undefined || chosen.file === null ? defaultsFiles(sources) : [chosen.file]
  for (const file of files) {
    const lines = readDefaults(file, chosen?.file === file)
    if (lines === null) continue
    for (const words of lines) reader.read(words)
    break
  }
  reader.read(chosen?.rest ?? argumentBytes)
  checkTogether(options, invocation)
  return options
}

/** Native mode: `-o file` names the file of defaults, wherever it stands. */
function takeFileFlag(words: readonly Buffer[]): { file: string | null; rest: Buffer[] } {
  const rest = [...words]
  const index = rest.findIndex((word) => word.toString() === '-o')
  if (index < 0) return { file: null, rest }
  const [, file] = rest.splice(index, 2)
  if (file === undefined) throw new UsageError('Error: -o argument given but no file specified.\n\n')
  return { file: file.toString(), rest }
}

/** Ours first, then mosquitto's; drop-in mode reads mosquitto's alone. The first that exists is read. */
function defaultsFiles({ invocation, environment }: ArgumentSources): string[] {
  const { XDG_CONFIG_HOME: configuration, HOME: home } = environment
  const directory = configuration ?? (home === undefined ? undefined : join(home, '.config'))
  if (directory === undefined) return []
  const names = invocation.isDropIn ? ['mosquitto_'] : ['pabal_', 'mosquitto_']
  return names.map((name) => `${directory}/${name}${invocation.tool}`)
}

/** One flag a line, and one value, which goes to the end of the line. Null if there is no such file. */
function readDefaults(file: string, mustExist: boolean): Buffer[][] | null {
  let text: string
  try {
    text = readFileSync(file, 'latin1')
  } catch (error) {
    if (!mustExist) return null
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`Error: Unable to read the defaults file "${file}": ${reason}\n`)
  }
  const lines: Buffer[][] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue
    const match = /^ *([^ ]+)(?: (.+))?$/s.exec(line.replace(/\r+$/, ''))
    if (match === null) continue
    const [, flag = '', value] = match
    const words = value === undefined ? [flag] : [flag, value]
    lines.push(words.map((word) => Buffer.from(word, 'latin1')))
  }
  return lines
}

class ArgumentReader {
  readonly #options: Options
  readonly #invocation: Invocation
  readonly #flags = new Map<string, Flag>()

  constructor(options: Options, invocation: Invocation) {
    this.#options = options
    this.#invocation = invocation
    for (const flag of flags) {
      if (flag.tools !== undefined && !flag.tools.includes(invocation.tool)) continue
      if (flag.isNative === true && invocation.isDropIn) continue
      for (const name of flag.names) this.#flags.set(name, flag)
    }
  }

  read(words: readonly Buffer[]): void {
    let position = 0
    while (position < words.length) position += this.#readFlag(words, position)
  }

  /** How many words it took. */
  #readFlag(words: readonly Buffer[], position: number): number {
    const name = words[position]?.toString('latin1') ?? ''
    if (name === '-D' || name === '--property') return this.#readProperty(words.slice(position + 1))
    const flag = this.#flags.get(name)
    if (flag === undefined) throw new UsageError(Buffer.from(`Error: Unknown option '${name}'.\n`, 'latin1'))
    if ('turnOn' in flag) {
      flag.turnOn(this.#options)
      return 1
    }
    const bytes = words[position + 1]
    if (bytes === undefined) throw new UsageError(missingValueText(flag))
    const value: FlagValue = { text: bytes.toString(), bytes }
    flag.set(this.#options, value, this.#invocation)
    return 2
  }

  #readProperty(words: readonly Buffer[]): number {
    const { flag, taken } = readPropertyFlag(words)
    this.#options.properties.push(flag)
    this.#options.protocolVersion = 5
    return 1 + taken
  }
}

const infinite = 0xffff_ffff

/** What no single flag can know, in the order in which Debian's tools look. @throws UsageError */
function checkTogether(options: Options, { tool }: Invocation): void {
  if (options.willTopicName === null) {
    if (options.willPayload !== null) throw new UsageError('Error: Will payload given, but no will topic given.\n')
    if (options.willRetain) throw new UsageError('Error: Will retain given, but no will topic given.\n')
  }
  checkTls(options)
  checkSession(options)
  if (tool === 'sub' && options.topicFilters.length === 0) {
    throw new UsageError('Error: You must specify a topic to subscribe to.\n')
  }
  for (const command of ['connect', 'publish', 'subscribe', 'unsubscribe', 'disconnect', 'will'] as const) {
    const fault = propertyListFault(options.properties.filter((property) => property.command === command))
    if (fault === null) continue
    const name = command === 'will' ? 'Will' : command.toUpperCase()
    throw new UsageError(`Error in ${name} properties: ${fault}\n`)
  }
}

function checkTls({ tls }: Options): void {
  if ((tls.certificateFile === null) !== (tls.keyFile === null)) {
    throw new UsageError('Error: Both certfile and keyfile must be provided if one of them is set.\n')
  }
  if (tls.keyForm !== null && tls.keyFile === null) {
    throw new UsageError('Error: If keyform is set, keyfile must be also specified.\n')
  }
  if (tls.engineKeyPassword !== null && (tls.engine === null || tls.keyForm === null)) {
    throw new UsageError(
      'Error: when using tls-engine-kpass-sha1, both tls-engine and keyform must also be provided.\n',
    )
  }
  if (tls.pskHex === null) return
  if (tls.caFile !== null || tls.caPath !== null) {
    throw new UsageError('Error: Only one of --psk or --cafile/--capath may be used at once.\n')
  }
  if (tls.pskIdentity === null) throw new UsageError('Error: --psk-identity required if --psk used.\n')
}

/** Puts the Session Expiry Interval among the CONNECT properties, as `-c` and `-x` have it. */
function checkSession(options: Options): void {
  if (options.protocolVersion !== 5) {
    if (!options.cleanStart && options.clientIdentifier === null) {
      throw new UsageError('Error: You must provide a client id if you are using the -c option.\n')
    }
    return
  }
  const interval = options.sessionExpiryInterval ?? (options.cleanStart ? 0 : infinite)
  if (interval === infinite && options.clientIdentifier === null) {
    throw new UsageError('Error: You must provide a client id if you are using an infinite session expiry interval.\n')
  }
  if (interval > 0) {
    options.properties.push({ command: 'connect', name: 'session-expiry-interval', value: interval })
  }
}
