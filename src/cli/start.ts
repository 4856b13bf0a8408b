/**
 * `pabal start`: reads flags and configuration, starts the broker, says where it listens, and stays until it is told to stop.
 *
 * What the operator did wrong is printed to standard error without a stack trace, and the exit code is 1.
 */
import { readFileSync } from 'node:fs'
import { adminFaults } from '../admin/admin-faults.ts'
import { httpAdmin } from '../admin/http-admin.ts'
import { defaultAdminUrl } from '../admin/listen-address.ts'
import { type Broker, createBroker } from '../index.ts'
import type { AdminPart } from '../server/admin-part.ts'
import { lossInMemory } from '../server/at-rest/memory-loss.ts'
import type { Config, ReadConfig } from '../server/config/config.ts'
import { ConfigError, type ConfigFault } from '../server/config/config-fault.ts'
import { configuredOptions, storeOf } from '../server/config/configured-options.ts'
import type { ImportRow } from '../server/config/mosquitto/mosquitto-config.ts'
import { RunningConfig } from '../server/config/running-config.ts'
import { certificateFaults } from '../server/config/start-faults.ts'
import { defaultLogOptions } from '../server/log/log-options.ts'
import { RunningLog } from '../server/log/running-log.ts'
import type { Durability } from '../server/options.ts'
import { collectReadBuffers } from '../server/read-buffers.ts'
import { flushSpans, hasTraceSdk } from '../server/tracing/open-telemetry.ts'
import { ListenError } from '../transport/listen-error.ts'
import { compileAllOnceStarted } from './start/compiling.ts'
import { watchForCrash } from './start/crash.ts'
import { logOpenFiles } from './start/log-open-files.ts'
import { giveMemoryBackWhenSilent } from './start/memory-reducer.ts'
import { onceLoaded } from './start/once-loaded.ts'
import { watchForHangup } from './start/reload-signal.ts'
import { readStartConfig } from './start/start-config.ts'
import { readStartFlags, type StartFlags } from './start/start-flags.ts'
import { type StopWatch, watchForStop } from './start/stop-signal.ts'
import { boundYoungGeneration } from './start/young-generation.ts'

/** Runs `pabal start` with the arguments behind `start`; resolves to the exit code when the broker has stopped. */
export async function runStart(argv: string[]): Promise<number> {
  const request = readStartFlags(argv)
  if (request.type === 'exit') return request.exitCode
  const stop = watchForStop(process, (exitCode) => process.exit(exitCode), performance.now.bind(performance))
  // The signals stay ours until the process ends: the second half of a Ctrl-C under npm must not kill it on its way out.
  return runBroker(request.flags, request.faults, stop)
}

async function runBroker(flags: StartFlags, flagFaults: readonly ConfigFault[], stop: StopWatch): Promise<number> {
  let running: Broker | null = null
  collectReadBuffers()
  const loaded = onceLoaded(() => {
    boundYoungGeneration({
      copiesInFlight: () => running?.ledger().copies.inFlight ?? 0,
      happened: () => happened(running),
    })
    compileAllOnceStarted()
    giveMemoryBackWhenSilent(() => happened(running))
  })
  const hangup = watchForHangup()
  let started: Started
  try {
    started = await startBroker(flags, flagFaults)
  } catch (error) {
    process.stderr.write(`Pabal cannot start.\n\n${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
  const { broker, data, log: runningLog } = started
  running = broker
  loaded()
  const log = runningLog.lines
  const failed = new Promise<Error>((resolve) => broker.on('failed', resolve))
  if (runningLog.announces) announce(started)
  log.say('info', 'started', 'the broker has started', startedFields(started))
  if (started.isTraced && !(await hasTraceSdk())) {
    const text =
      'tracing is on, but no OpenTelemetry SDK is set up in this process: NODE_OPTIONS="--import ./otel.mjs" loads one'
    log.say('warn', 'noTraceSdk', text)
  }
  hangup.begin(started.running, runningLog)
  const failure = await Promise.race([stop.asked.then(() => null), hangup.terminalGone, failed])
  if (failure !== null) {
    log.say('fatal', 'storeFailed', 'the store has failed, the broker has stopped', { reason: failure.message })
    await log.close()
    process.stderr.write(`${failureText(failure, data)}\n`)
    return 1
  }
  log.say('info', 'stopping', 'the broker was told to stop')
  await broker.stop()
  if (started.isTraced) await flushSpans()
  log.say('info', 'stopped', 'the broker has stopped')
  await log.close()
  if (runningLog.announces) process.stdout.write('Stopped.\n')
  return 0
}

/** What is still needed once it runs: not the configuration, which may hold passwords. */
interface Started {
  readonly broker: Broker
  readonly running: RunningConfig
  readonly durability: Durability
  readonly data: string
  readonly admin: AdminPart | null
  /** Somebody has said where the HTTP API is to listen. */
  readonly hasChosenAdmin: boolean
  /** What became of the lines of a mosquitto.conf. */
  readonly imported: readonly ImportRow[]
  readonly log: RunningLog
  readonly isTraced: boolean
}

async function startBroker(flags: StartFlags, flagFaults: readonly ConfigFault[]): Promise<Started> {
  const read = readStartConfig(flags, flagFaults)
  const { durability, data } = storeOf(read.config)
  if (durability === 'memory' && !flags.acceptLoss) refuseMemoryLoss(data)
  const options = await configuredOptions(read.config, flags.acceptLoss)
  if (flags.snapshotEveryBytes !== null) options.snapshotEveryBytes = flags.snapshotEveryBytes
  let running: RunningConfig | null = null
  const admin = adminOf(read.config, () => running)
  options.admin = admin
  const broker = createBroker(options)
  const log = new RunningLog(broker, { ...defaultLogOptions, ...read.config.log })
  watchForCrash(log.lines)
  for (const { file, line, name, verdict } of read.imported) {
    if (verdict.type !== 'later') continue
    const fields = { file, line, directive: name, reason: verdict.why }
    log.lines.say('warn', 'configurationLeftOut', 'a line of mosquitto.conf is left out', fields)
  }
  try {
    await broker.start()
  } catch (error) {
    throw error instanceof ListenError ? await whereWritten(read, error) : error
  }
  logOpenFiles(log.lines, read, options)
  running = new RunningConfig(broker, read, options, () => readStartConfig(flags, []), log)
  const hasChosenAdmin = read.config.admin !== null
  const isTraced = options.tracing === true
  return { broker, running, durability, data, log, admin, hasChosenAdmin, imported: read.imported, isTraced }
}

/** Of certificates that cannot be used all are named, and where they are written, as `pabal check-config` does. */
async function whereWritten(read: ReadConfig, error: ListenError): Promise<Error> {
  const faults = [...(await certificateFaults(read)), ...(await adminFaults(read))]
  return faults.length === 0 ? error : new ConfigError(faults)
}

function startedFields({ broker, durability, data }: Started): Readonly<Record<string, unknown>> {
  const { pid, versions } = process
  const directory = durability === 'memory' ? null : data
  return { version: version(), node: versions.node, pid, listeners: broker.urls, durability, data: directory }
}

/** @throws an Error if a broker that keeps everything in memory would pass over messages that are stored. */
function refuseMemoryLoss(directory: string): void {
  const loss = lossInMemory(directory)
  if (loss === null) return
  throw new Error(
    `durability is memory, but ${loss}\n` +
      'A broker that keeps everything in memory would not deliver them, and Sessions would begin anew. Nothing was changed.\n' +
      'Start with --durability fsync, or with --accept-loss: the directory stays as it is, but nobody is served from it.',
  )
}

function failureText(failure: Error, data: string): string {
  return (
    `The store in ${data} has failed: ${failure.message}.\n` +
    'The broker stopped at once: what it had acknowledged is on the disk, nothing was acknowledged since.\n' +
    'See to the disk, then start it again.'
  )
}

/** The HTTP API, unless it is turned off. Where nobody has chosen its port, a second broker on the machine goes without. */
function adminOf({ admin }: Pick<Config, 'admin'>, configuration: () => RunningConfig | null): AdminPart | null {
  if (admin === null) return httpAdmin({ whenInUse: 'go-on', configuration })
  return admin.listen === null ? null : httpAdmin({ listen: admin.listen, configuration })
}

function announce({ broker: { urls, adminUrls }, admin, hasChosenAdmin, durability, data, imported }: Started): void {
  const lines = [`Pabal ${version()} on Node ${process.version.slice(1)}`, ...urls.map((url) => `Listening on ${url}`)]
  lines.push(...adminUrls.map((url) => `Dashboard and HTTP API on ${url}`))
  if (adminUrls.length === 0 && !hasChosenAdmin) {
    lines.push(`No HTTP API: another program listens on ${defaultAdminUrl}; choose an address with --admin`)
  }
  const password = admin?.firstPassword ?? null
  if (password !== null) {
    lines.push(`Log in there as admin with the password ${password} (shown this once; only its hash is kept)`)
  }
  lines.push(`Durability: ${durability}: ${promises[durability]}`)
  if (durability !== 'memory') lines.push(`Data: ${data}`)
  if (imported.length > 0) lines.push(importedText(imported))
  lines.push('Stop with Ctrl-C.')
  process.stdout.write(`${lines.join('\n')}\n`)
}

function importedText(rows: readonly ImportRow[]): string {
  const of = (wanted: string): number => rows.filter(({ verdict }) => verdict.type === wanted).length
  const counts = `${of('mapped')} lines taken over, ${of('ignored')} not needed, ${of('later')} not there yet`
  return `From a mosquitto.conf: ${counts} (each of them: pabal import mosquitto FILE)`
}

const promises: Readonly<Record<Durability, string>> = {
  fsync: 'what is acknowledged is on the disk',
  interval: 'what is acknowledged survives this process; a power cut may take the last moment of it',
  memory: 'messages and Sessions live as long as this process; a restart forgets them',
}

function version(): string {
  // package.json of this package: two directories up in the source and in what is published.
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return manifest.version
}

/** Grows with every message and copy, and with the clients that are there: to let one in is worth some messages. */
function happened(broker: Broker | null): number {
  if (broker === null) return 0
  const { received, made, created } = broker.tally
  return received + made + created + 10 * broker.connections
}
