/**
 * The flags of `pabal start`, read and checked: every fault at once, in the same words as faults of the configuration file.
 */
import { Command, Option } from 'commander'
import type { Limits } from '../../core/limits.ts'
import type { ConfigFault } from '../../server/config/config-fault.ts'
import { durabilities, readAdminListen } from '../../server/config/config-schema.ts'
import { readLimit, readLimitName } from '../../server/config/limit-value.ts'
import { readListenUrl } from '../../server/config/listen-value.ts'
import { type Reading, readChoice } from '../../server/config/reading.ts'
import { type LogFormat, type LogLevel, logFormats, logLevels } from '../../server/log/log-options.ts'
import type { Durability } from '../../server/options.ts'
import { parseArguments } from '../parse-arguments.ts'
import { startHelp } from './start-help.ts'

/** What the flags say; null where they say nothing. */
export interface StartFlags {
  listen: readonly string[] | null
  config: string | null
  data: string | null
  /** Where the HTTP API listens; `listen` is null for nowhere. */
  admin: { readonly listen: string | null } | null
  durability: Durability | null
  allowAnonymous: boolean
  acceptLoss: boolean
  limits: Partial<Limits>
  logLevel: LogLevel | null
  logFormat: LogFormat | null
  /** For tests: bytes by which the log grows between two snapshots. */
  snapshotEveryBytes: number | null
}

export type StartRequest =
  | { type: 'start'; flags: StartFlags; faults: readonly ConfigFault[] }
  /** The help was asked for, or the flags make no sense: what there was to say has been said. */
  | { type: 'exit'; exitCode: number }

/** Reads the arguments behind `pabal start`. Help goes to standard output, complaints to standard error. */
export function readStartFlags(argv: readonly string[]): StartRequest {
  const command = startCommand()
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return { type: 'exit', exitCode }
  return { type: 'start', ...checkStartFlags(command.opts<GivenFlags>()) }
}

/** What the flags say, and what is wrong with them. */
export function checkStartFlags(given: GivenFlags): { flags: StartFlags; faults: readonly ConfigFault[] } {
  const faults: ConfigFault[] = []
  const take: Take = (flag, written, reading) => {
    if (reading.type === 'value') return reading.value
    const { found = written, expected, advice } = reading
    faults.push({
      file: 'the command line',
      line: null,
      column: null,
      // A password in a URL is a mistake that shall not stand in a log, too.
      key: `${flag} ${written.replace(/:\/\/[^@/?]*@/, '://...@')}`,
      found,
      expected,
      advice,
    })
    return null
  }
  const listen = given.listen?.flatMap((url) => take('--listen', url, readListenUrl(url)) ?? []) ?? null
  const choice = <Choice extends string>(flag: string, written: string | undefined, choices: readonly Choice[]) =>
    written === undefined ? null : take(flag, written, readChoice(written, choices))
  const durability = choice('--durability', given.durability, durabilities)
  const logLevel = choice('--log-level', given.logLevel, logLevels)
  const logFormat = choice('--log-format', given.logFormat, logFormats)
  const limits: Partial<Limits> = {}
  for (const text of given.limit ?? []) Object.assign(limits, take('--limit', text, readLimitFlag(text)))
  return {
    faults,
    flags: {
      listen,
      config: given.config ?? null,
      data: given.data ?? null,
      admin: given.admin === undefined ? null : readAdmin(given.admin, take),
      durability,
      allowAnonymous: given.allowAnonymous ?? false,
      acceptLoss: given.acceptLoss ?? false,
      limits,
      logLevel,
      logFormat,
      snapshotEveryBytes:
        given.snapshotEvery === undefined
          ? null
          : take('--snapshot-every', given.snapshotEvery, readSnapshotEvery(given.snapshotEvery)),
    },
  }
}

/** As commander has them. */
export interface GivenFlags {
  admin?: string
  listen?: string[]
  config?: string
  data?: string
  durability?: string
  allowAnonymous?: boolean
  acceptLoss?: boolean
  limit?: string[]
  logLevel?: string
  logFormat?: string
  snapshotEvery?: string
}

function startCommand(): Command {
  return addStartFlags(new Command('pabal start'))
    .description('Starts the broker and stays until Ctrl-C.')
    .option(
      '--accept-loss',
      'start even if that discards messages which are stored; without it the start says how many',
    )
    .addOption(new Option('--snapshot-every <BYTES>').hideHelp())
    .helpOption('-h, --help', 'show this text')
    .addHelpText('after', startHelp)
    .configureHelp({ helpWidth: 100 })
    .configureOutput({
      outputError: (text, write) => write(`${text.trimEnd()}\n${mosquittoAdvice(text)}All flags: pabal start --help\n`),
    })
    .allowExcessArguments(false)
    .exitOverride()
}

const mosquittoFlags: Readonly<Record<string, string>> = {
  '-d': 'The broker stays in the foreground: systemd, or & in a shell, keeps it running behind.',
  '-p': 'The port stands in a listen URL: --listen tcp://127.0.0.1:1883',
  '--port': 'The port stands in a listen URL: --listen tcp://127.0.0.1:1883',
  '-v': 'More is logged with --log-level debug.',
  '--verbose': 'More is logged with --log-level debug.',
}

/** A line for who types a flag of mosquitto. */
function mosquittoAdvice(text: string): string {
  const [, flag = ''] = /unknown option '([^']*)'/.exec(text) ?? []
  return Object.hasOwn(mosquittoFlags, flag) ? `${mosquittoFlags[flag]}\n` : ''
}

/** Those that say how the broker is to be, for every verb that must know. */
export function addStartFlags(command: Command): Command {
  const collect = (value: string, before: string[] | undefined) => [...(before ?? []), value]
  return command
    .option('--listen <URL>', 'where to listen; repeatable; replaces the list of the configuration file', collect)
    .option(
      '-c, --config <FILE>',
      'a configuration file (YAML, or a mosquitto.conf); the environment and flags win over it',
    )
    .option('--data <DIR>', 'where to keep what must survive; created if missing')
    .option('--admin <URL>', 'where the HTTP API listens, or off (default: http://127.0.0.1:18083)')
    .option('--durability <WORD>', 'what an acknowledgement promises: fsync, interval or memory')
    .option('--allow-anonymous', 'let anybody in, also on listeners that other machines can reach')
    .option('--limit <NAME=VALUE>', 'a limit, such as packetBytesMax=4MiB; repeatable', collect)
    .option('--log-level <WORD>', `what is logged on standard error: ${logLevels.join(', ')} (default: info)`)
    .option('--log-format <WORD>', 'json, human, or auto: human on a terminal (default: auto)')
}

type Take = <Value>(flag: string, written: string, reading: Reading<Value>) => Value | null

function readAdmin(written: string, take: Take): StartFlags['admin'] {
  return { listen: take('--admin', written, readAdminListen(written)) }
}

function readSnapshotEvery(text: string): Reading<number> {
  if (/^[1-9]\d{0,14}$/.test(text)) return { type: 'value', value: Number(text) }
  return { type: 'fault', expected: 'a number of bytes', advice: 'for example --snapshot-every 1048576' }
}

function readLimitFlag(text: string): Reading<Partial<Limits>> {
  const [written = '', ...rest] = text.split('=')
  if (rest.length === 0) {
    return { type: 'fault', found: 'no =', expected: 'NAME=VALUE', advice: 'for example --limit packetBytesMax=4MiB' }
  }
  const name = readLimitName(written.trim())
  if (name.type === 'fault') return name
  const value = readLimit(name.value, rest.join('='))
  return value.type === 'fault' ? value : { type: 'value', value: { [name.value]: value.value } }
}
