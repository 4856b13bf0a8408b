/**
 * The flags of `pabal bench`: named as those of the MQTTX command line are, so that what is typed there works here.
 */
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { ProtocolVersion, Qos } from '../../protocol/control-packet.ts'
import type { ConnectTarget } from '../../transport/connect.ts'
import { formatHostPort } from '../../transport/listen-url.ts'
import type { BenchMode, BenchPlan } from './bench-plan.ts'
import { stampBytes } from './stamp.ts'

export interface BenchFlags {
  count: number
  interval: number
  messageInterval: number
  limit: number
  topic?: string
  qos: Qos
  retain?: boolean
  payloadSize?: number
  message?: string
  subscribers: number
  window: number
  outstanding: number
  seconds: number
  drain: number
  mqttVersion: ProtocolVersion
  hostname: string
  port?: number
  clientId?: string
  clean: boolean
  sessionExpiryInterval: number
  keepalive: number
  username?: string
  password?: string
  protocol: Protocol
  path: string
  ca?: string
  cert?: string
  key?: string
  insecure?: boolean
  json?: boolean
  csv?: boolean
  quiet?: boolean
}

const protocols = { mqtt: 1883, mqtts: 8883, ws: 8083, wss: 8084 } as const
type Protocol = keyof typeof protocols

/** MQTTX has flags of one dash and several letters, which this reader of flags has not. */
const longer: Readonly<Record<string, string>> = {
  '-im': '--message-interval',
  '-se': '--session-expiry-interval',
  '-S': '--payload-size',
}

export function benchArguments(argv: readonly string[]): string[] {
  return argv.map((word) => (Object.hasOwn(longer, word) ? (longer[word] ?? word) : word))
}

/** What a fault of the flags is told as. */
export class BenchUsageError extends Error {}

export function benchCommand(mode: BenchMode, description: string, help: string): Command {
  const command = new Command(`pabal bench ${mode}`).description(description)
  const publishes = mode === 'pub' || mode === 'pair'
  command
    .option('-c, --count <NUMBER>', countText(mode), wholeNumber(1, 1_000_000), mode === 'pair' ? 1 : 100)
    .option(
      '-i, --interval <MS>',
      'time from one connection to the next; 0: many at a time',
      wholeNumber(0, 3_600_000),
      0,
    )
  if (publishes) {
    const usual = mode === 'pair' ? 0 : 1000
    command
      .option(
        '--im, --message-interval <MS>',
        'between two messages of a client; 0: as fast as the broker takes them',
        milliseconds,
        usual,
      )
      .option('-s, --payload-size <BYTES>', 'of each message, such as 64, 1KB or 1MB (default: 64)', payloadSizeOf)
      .option('-r, --retain', 'send Retained Messages')
      .option(
        '--window <NUMBER>',
        'messages of a client that wait for their acknowledgement',
        wholeNumber(1, 65_535),
        100,
      )
  }
  if (mode === 'pub') command.option('-m, --message <TEXT>', 'send this, and check nothing of it')
  if (mode === 'pair') {
    command
      .option('--subscribers <NUMBER>', 'of each publisher', wholeNumber(1, 1_000_000), 1)
      .option(
        '--outstanding <NUMBER>',
        'messages sent and not yet received, for each publisher; 0: no bound',
        wholeNumber(0, 1e9),
        2000,
      )
  }
  if (mode !== 'conn') {
    command
      .option(
        '-t, --topic <TOPIC>',
        'with %i for the number of the client, %c for its Client Identifier, %u for its User Name',
      )
      .option('-q, --qos <0|1|2>', 'Quality of Service', qosOf, 0)
      .option('-L, --limit <NUMBER>', 'end after so many messages in all; 0: never', wholeNumber(0, 1e12), 0)
  }
  return shared(command, mode, help)
}

function shared(command: Command, mode: BenchMode, help: string): Command {
  return (
    command
      .option('--seconds <NUMBER>', 'end after so long; 0: never', wholeNumber(0, 31_536_000), mode === 'conn' ? 0 : 10)
      .option('--drain <SECONDS>', 'how long to wait for what is missing then', wholeNumber(0, 3600), 5)
      .option('-V, --mqtt-version <5|3.1.1>', 'protocol version', versionOf, 5)
      .option('-h, --hostname <HOST>', 'where the broker is', 'localhost')
      .option('-p, --port <PORT>', 'its port (default: 1883, mqtts 8883, ws 8083, wss 8084)', wholeNumber(1, 65_535))
      .option('-l, --protocol <WORD>', 'mqtt, mqtts, ws or wss', protocolOf, 'mqtt')
      .option('--path <PATH>', 'of a WebSocket', '/mqtt')
      .option('-I, --client-id <ID>', 'Client Identifiers, %i for the number (default: pabal-bench-… and the number)')
      .option('--no-clean', 'go on with the Sessions that are there')
      .option('--se, --session-expiry-interval <SECONDS>', 'how long a Session stays', wholeNumber(0, 0xffff_ffff), 0)
      .option('-k, --keepalive <SECONDS>', 'Keep Alive', wholeNumber(0, 65_535), 30)
      .option('-u, --username <NAME>', 'User Name to log in with')
      .option('-P, --password <PASSWORD>', 'Password to log in with')
      .option('--ca <FILE>', 'the authorities to trust (PEM)')
      .option('--cert <FILE>', 'a certificate of ours (PEM)')
      .option('--key <FILE>', 'its private key (PEM)')
      .option('--insecure', 'whatever host the certificate names')
      .option('--json', 'print what came out as JSON')
      .option('--csv', 'print it as two lines of comma-separated values')
      .option('--quiet', 'no progress on standard error')
      // MQTTX prints less without it.
      .addOption(new Option('-v, --verbose').hideHelp())
      .helpOption('--help', 'show this text')
      .addHelpText('after', help)
      .configureHelp({ helpWidth: 110 })
      .configureOutput({
        outputError: (text, write) => write(`${text.trimEnd()}\nAll flags: pabal bench ${mode} --help\n`),
      })
      .allowExcessArguments(false)
      .exitOverride()
  )
}

function countText(mode: BenchMode): string {
  return mode === 'pair' ? 'publishers, each with subscribers of its own' : 'clients'
}

/** @throws BenchUsageError */
export function benchPlan(mode: BenchMode, flags: BenchFlags): BenchPlan {
  const { payloadSize, message, port, protocol, hostname } = flags
  if (flags.json && flags.csv) throw new BenchUsageError('--json and --csv exclude each other.')
  if (mode === 'pub' && flags.topic === undefined)
    throw new BenchUsageError('pabal bench pub needs a Topic Name: -t bench/%i')
  if (mode === 'sub' && flags.topic === undefined)
    throw new BenchUsageError("pabal bench sub needs a Topic Filter: -t 'bench/#'")
  if (message !== undefined && payloadSize !== undefined) {
    throw new BenchUsageError('--message says what is sent: leave --payload-size out.')
  }
  const payloadBytes = payloadSize ?? 64
  if (payloadBytes < stampBytes) {
    throw new BenchUsageError(
      `--payload-size is ${payloadBytes}; at least ${stampBytes} are needed for what finds loss and measures time.`,
    )
  }
  const usualPort = port ?? protocols[protocol]
  return {
    mode,
    target: targetOf(flags, usualPort),
    place: `${protocol}://${formatHostPort(hostname, usualPort)}`,
    protocolVersion: flags.mqttVersion,
    count: flags.count,
    connectIntervalMs: flags.interval,
    messageIntervalMs: flags.messageInterval ?? 0,
    messagesMax: flags.limit ?? 0,
    secondsMax: flags.seconds,
    drainSeconds: flags.drain,
    topic: flags.topic ?? 'pabal-bench/%r/%i',
    qos: flags.qos ?? 0,
    retain: flags.retain ?? false,
    payloadBytes,
    message: message ?? null,
    window: flags.window ?? 1,
    outstanding: flags.outstanding ?? 0,
    subscribers: flags.subscribers ?? 1,
    clientIdentifier: flags.clientId ?? `pabal-bench-${process.pid}-${Date.now().toString(36)}`,
    cleanStart: flags.clean,
    sessionExpirySeconds: flags.sessionExpiryInterval,
    keepAliveSeconds: flags.keepalive,
    userName: flags.username ?? null,
    password: flags.password ?? null,
  }
}

function targetOf(flags: BenchFlags, port: number): ConnectTarget {
  const { hostname: host, protocol, path, ca, cert, key, insecure } = flags
  for (const [flag, file] of [
    ['--ca', ca],
    ['--cert', cert],
    ['--key', key],
  ] as const) {
    if (file === undefined) continue
    try {
      readFileSync(file)
    } catch (error) {
      throw new BenchUsageError(
        `${flag} names a file that cannot be read: ${error instanceof Error ? error.message : error}`,
      )
    }
  }
  const tls = { caFile: ca, useSystemCertificates: ca === undefined, certFile: cert, keyFile: key, insecure }
  switch (protocol) {
    case 'mqtt':
      return { transport: 'tcp', host, port }
    case 'mqtts':
      return { transport: 'tls', host, port, tls }
    case 'ws':
      return { transport: 'ws', host, port, path }
    case 'wss':
      return { transport: 'wss', host, port, path, tls }
  }
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`)
  }
}

function milliseconds(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0 && value <= 3_600_000) return value
  throw new InvalidArgumentError('It is a number of milliseconds, from 0 to 3600000.')
}

const sizes: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1024, k: 1024, mb: 1024 ** 2, m: 1024 ** 2 }

function payloadSizeOf(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)\s*([a-z]*)$/i.exec(text) ?? []
  const size = Number(digits) * (sizes[unit.toLowerCase()] ?? Number.NaN)
  if (digits !== '' && size <= 268_000_000) return size
  throw new InvalidArgumentError('It is a number of bytes, such as 64, 1KB or 1MB, up to 255MB.')
}

function qosOf(text: string): Qos {
  if (text === '0') return 0
  if (text === '1') return 1
  if (text === '2') return 2
  throw new InvalidArgumentError('It is 0, 1 or 2.')
}

function versionOf(text: string): ProtocolVersion {
  if (['5', '5.0', 'mqttv5'].includes(text)) return 5
  if (['4', '3.1.1', '311', 'mqttv311'].includes(text)) return 4
  throw new InvalidArgumentError('It is 5 or 3.1.1.')
}

function protocolOf(text: string): Protocol {
  for (const protocol of ['mqtt', 'mqtts', 'ws', 'wss'] as const) if (text === protocol) return protocol
  throw new InvalidArgumentError('It is mqtt, mqtts, ws or wss.')
}
