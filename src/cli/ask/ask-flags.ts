/**
 * The flags of every verb that asks a running broker: where it is, who asks, how TLS is done.
 */
import { Command, InvalidArgumentError, Option } from 'commander'
import type { ChannelTarget } from '../client/open-channel.ts'
import { AskFault } from './ask-fault.ts'

export interface AskFlags {
  host?: string
  port?: number
  unix?: string
  url?: string
  username?: string
  password?: string
  /** What mosquitto's tools, or Pabal's own verbs once, call the two above. */
  user?: string
  pw?: string
  id?: string
  cafile?: string
  cert?: string
  key?: string
  insecure?: boolean
  timeout: number
}

/** Where the broker is, and as whom to ask. */
export interface AskTarget {
  readonly channel: ChannelTarget
  readonly userName: string | null
  readonly password: string | null
  /** Empty: the broker chooses one. */
  readonly clientIdentifier: string
  readonly timeoutMs: number
}

/** The command of a verb with the flags that all of them have. */
export function askCommand(verb: string, description: string, help: string): Command {
  return new Command(`pabal ${verb}`)
    .description(description)
    .option('-h, --host <HOST>', 'where the broker is (default: localhost)')
    .option('-p, --port <PORT>', 'its port (default: 1883, with TLS 8883)', portOf)
    .option('--unix <PATH>', 'its Unix socket instead')
    .option('-L, --url <URL>', 'all in one: mqtt://user:password@host:port, or mqtts, ws, wss')
    .option('-u, --username <NAME>', 'User Name to log in with')
    .addOption(new Option('--user <NAME>').hideHelp().conflicts('username'))
    .option('-P, --password <PASSWORD>', 'Password to log in with')
    .addOption(new Option('--pw <PASSWORD>').hideHelp().conflicts('password'))
    .option('-i, --id <ID>', 'Client Identifier to ask with (default: the broker chooses one)')
    .option('--cafile <FILE>', 'TLS, and the authorities to trust (PEM)')
    .option('--cert <FILE>', 'TLS, with this certificate of ours (PEM)')
    .option('--key <FILE>', 'its private key (PEM)')
    .option('--insecure', 'TLS, whatever host the certificate names')
    .option('--timeout <SECONDS>', 'how long to wait for an answer', secondsOf, 10)
    .helpOption('--help', 'show this text')
    .addHelpText('after', help)
    .configureHelp({ helpWidth: 100 })
    .configureOutput({ outputError: (text, write) => write(`${text.trimEnd()}\nAll flags: pabal ${verb} --help\n`) })
    .allowExcessArguments(false)
    .exitOverride()
}

function portOf(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port
  throw new InvalidArgumentError('A port is a number from 1 to 65535.')
}

export function secondsOf(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== '' && Number.isFinite(seconds) && seconds > 0 && seconds <= 86_400) return seconds
  throw new InvalidArgumentError('It is a number of seconds, above 0 and at most 86400.')
}

/** @throws AskFault if the flags contradict each other. */
export function askTarget(flags: AskFlags): AskTarget {
  const url = flags.url === undefined ? null : parseUrl(flags.url)
  if (url !== null && (flags.host !== undefined || flags.port !== undefined || flags.unix !== undefined)) {
    throw new AskFault('--url says where the broker is: leave --host, --port and --unix out.')
  }
  if (flags.unix !== undefined && (flags.host !== undefined || flags.port !== undefined)) {
    throw new AskFault('--unix says where the broker is: leave --host and --port out.')
  }
  const { cafile, cert, key, insecure } = flags
  const namesTls = cafile !== undefined || cert !== undefined || insecure === true || flags.port === 8883
  const isSecure = url?.isSecure ?? namesTls
  const isWebSocket = url?.isWebSocket ?? false
  const usualPort = isWebSocket ? 8083 : isSecure ? 8883 : 1883
  const tls = isSecure
    ? { caFile: cafile, useSystemCertificates: cafile === undefined, certFile: cert, keyFile: key, insecure }
    : null
  return {
    channel: {
      host: flags.unix ?? url?.host ?? flags.host ?? 'localhost',
      port: flags.unix === undefined ? (url?.port ?? flags.port ?? usualPort) : 0,
      bindAddress: null,
      noDelay: true,
      proxy: null,
      tls,
      webSocket: isWebSocket,
    },
    userName: flags.username ?? flags.user ?? url?.userName ?? null,
    password: flags.password ?? flags.pw ?? url?.password ?? null,
    clientIdentifier: flags.id ?? '',
    timeoutMs: flags.timeout * 1000,
  }
}

/** As the broker prints where it listens. */
const listenerSchemes: Readonly<Record<string, string>> = { 'tcp:': 'mqtt:', 'tls:': 'mqtts:' }

interface BrokerPlace {
  readonly isSecure: boolean
  readonly isWebSocket: boolean
  readonly host: string
  readonly port: number | null
  readonly userName: string | null
  readonly password: string | null
}

function parseUrl(text: string): BrokerPlace {
  const found = URL.parse(text)
  const scheme = listenerSchemes[found?.protocol ?? ''] ?? found?.protocol ?? ''
  if (found === null || found.hostname === '' || !['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(scheme)) {
    throw new AskFault(
      `--url is ${JSON.stringify(text)}; expected, for example, mqtt://localhost:1883 or mqtts://user:password@host.`,
    )
  }
  const part = (written: string): string | null => (written === '' ? null : decodeURIComponent(written))
  const usual = scheme === 'ws:' ? 80 : scheme === 'wss:' ? 443 : null
  return {
    isSecure: scheme === 'mqtts:' || scheme === 'wss:',
    isWebSocket: scheme.startsWith('ws'),
    host: found.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: found.port === '' ? usual : Number(found.port),
    userName: part(found.username),
    password: part(found.password),
  }
}
