/**
 * What would keep a broker with this configuration from starting although every value is one: certificates that cannot be
 * used, listeners that are open to everybody by accident, Topic Filters that the limits do not allow.
 */
import { loadTlsFiles } from '../../transport/certificates.ts'
import { type ListenError, ListenFault } from '../../transport/listen-error.ts'
import { parseListenUrl } from '../../transport/listen-url.ts'
import type { AuditLogError } from '../log/audit-log.ts'
import { checkOptions, OptionError } from '../option-faults.ts'
import { type BrokerOptions, defaultListen } from '../options.ts'
import type { ReadConfig } from './config.ts'
import type { ConfigFault } from './config-fault.ts'
import { exposedListeners } from './exposure.ts'
import { formatPath, type KeyPath } from './key-path.ts'
import { placeOfFault } from './origin.ts'

/** `options` were made of the configuration. Opens no port and changes nothing. */
export async function startFaults(read: ReadConfig, options: BrokerOptions): Promise<ConfigFault[]> {
  return [...(await certificateFaults(read)), ...exposureFaults(read, options), ...optionFaults(read, options)]
}

/** A fault of the value at `path`, where that comes from. */
export function faultAt(
  read: ReadConfig,
  path: KeyPath,
  words: { found: string; expected: string; advice: string },
): ConfigFault {
  const { found, expected, advice } = words
  return { ...placeOfFault(read.layers.originOf(path), formatPath(path)), found, expected, advice }
}

export async function certificateFaults(read: ReadConfig): Promise<ConfigFault[]> {
  const faults: ConfigFault[] = []
  for (const [index, url] of (read.config.listeners ?? []).entries()) {
    const address = parseListenUrl(url)
    if (address.transport !== 'tls' && address.transport !== 'wss') continue
    try {
      await loadTlsFiles(address.tls)
    } catch (error) {
      if (!(error instanceof ListenFault)) throw error
      faults.push(faultAt(read, ['listeners', index], certificateWords(error)))
    }
  }
  return faults
}

export function certificateWords(fault: ListenFault) {
  return wordsOf(fault, 'a certificate and its private key, in PEM format')
}

function wordsOf({ message, advice }: ListenFault, expected: string) {
  return { found: message, expected, advice: advice.charAt(0).toLowerCase() + advice.slice(1) }
}

/** A listener that could not be opened, or the certificate of one or of the HTTP API that cannot be used. */
export function listenFaults(read: ReadConfig, { url, fault }: ListenError): ConfigFault[] {
  const index = (read.config.listeners ?? defaultListen).map((each) => parseListenUrl(each).url).indexOf(url)
  if (index < 0) return [faultAt(read, ['admin', 'listen'], certificateWords(fault))]
  return [faultAt(read, ['listeners', index], wordsOf(fault, 'an address that is free to listen on'))]
}

/** The audit log could not be opened. */
export function auditFault(read: ReadConfig, { path, reason }: AuditLogError): ConfigFault {
  const advice = 'make its directory writable for the user that runs the broker, or name another file'
  const words = { found: `${path}: ${reason}`, expected: 'a file that can be written to', advice }
  return faultAt(read, ['log', 'audit'], words)
}

function exposureFaults(read: ReadConfig, options: BrokerOptions): ConfigFault[] {
  const addresses = (read.config.listeners ?? defaultListen).map(parseListenUrl)
  const exposed = new Set(exposedListeners(addresses, options))
  return addresses.flatMap((address, index) => {
    if (!exposed.has(address)) return []
    const words = {
      found: `${address.url}, which other machines can reach, and nothing that says who may come in`,
      expected: 'users, or that everybody may, or a listener that only this machine can reach',
      advice: 'add authentication.users, or bind it to 127.0.0.1, or, knowing it, set allowAnonymous: true',
    }
    return [faultAt(read, ['listeners', index], words)]
  })
}

/** What a rule calls its fields in code. */
const namesInFile: Readonly<Record<string, string>> = {
  deadLetterTopicName: 'deadLetterTopic',
  acknowledge: 'ack',
  acknowledgeSecondsMax: 'ackSecondsMax',
}

function optionFaults(read: ReadConfig, options: BrokerOptions): ConfigFault[] {
  try {
    checkOptions(options)
    return []
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    return error.faults.map(({ place, ...words }) => faultAt(read, pathOf(place), words))
  }
}

function pathOf(place: string): KeyPath {
  const steps = place.match(/[^.[\]]+/g) ?? []
  return steps.map((step) => (/^\d+$/.test(step) ? Number(step) : (namesInFile[step] ?? step)))
}
