/**
 * `pabal start`: reads flags and configuration, starts the broker, says where it listens, and stays until it is told to stop.
 *
 * What the operator did wrong is printed to standard error without a stack trace, and the exit code is 1.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Broker, createBroker } from '../index.ts'
import { type Config, loadConfig } from '../server/config/config.ts'
import { ConfigError, type ConfigFault } from '../server/config/config-fault.ts'
import { systemReason } from '../server/config/config-schema.ts'
import { configuredOptions, emptyConfig } from '../server/config/configured-options.ts'
import type { BrokerOptions } from '../server/options.ts'
import { readStartFlags, type StartFlags } from './start/start-flags.ts'
import { type StopWatch, watchForStop } from './start/stop-signal.ts'

/** Runs `pabal start` with the arguments behind `start`; resolves to the exit code when the broker has stopped. */
export async function runStart(argv: string[]): Promise<number> {
  const request = readStartFlags(argv)
  if (request.type === 'exit') return request.exitCode
  const stop = watchForStop(process, (exitCode) => process.exit(exitCode), performance.now.bind(performance))
  // The signals stay ours until the process ends: the second half of a Ctrl-C under npm must not kill it on its way out.
  return runBroker(request.flags, request.faults, stop)
}

async function runBroker(flags: StartFlags, flagFaults: readonly ConfigFault[], stop: StopWatch): Promise<number> {
  let broker: Broker
  let config: Config
  try {
    config = mergeConfig(flags, flagFaults)
    if (config.data !== null) createDataDirectory(config.data)
    // Whatever was asked for, memory is what this version has; the lines below say so.
    const options: BrokerOptions = { ...(await configuredOptions(config)), durability: 'memory' }
    broker = createBroker(options)
    await broker.start()
  } catch (error) {
    process.stderr.write(`Pabal cannot start.\n\n${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
  announce(broker.urls, config)
  await stop.asked
  await broker.stop()
  process.stdout.write('Stopped.\n')
  return 0
}

/** The file's configuration with the flags laid over it. @throws ConfigError with the faults of both. */
function mergeConfig(flags: StartFlags, flagFaults: readonly ConfigFault[]): Config {
  const faults = [...flagFaults]
  let file: Config = emptyConfig
  try {
    if (flags.config !== null) file = loadConfig(flags.config)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    faults.push(...error.faults)
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return {
    listeners: flags.listen ?? file.listeners,
    allowAnonymous: flags.allowAnonymous ? true : file.allowAnonymous,
    durability: flags.durability ?? file.durability,
    data: flags.data === null ? file.data : resolve(flags.data),
    limits: { ...file.limits, ...flags.limits },
    authentication: file.authentication,
  }
}

function createDataDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
  } catch (error) {
    throw new Error(`The data directory ${path} cannot be used: ${systemReason(error)}.\nName another one with --data.`)
  }
}

function announce(urls: readonly string[], config: Config): void {
  const lines = [`Pabal ${version()} on Node ${process.version.slice(1)}`, ...urls.map((url) => `Listening on ${url}`)]
  lines.push('Durability: memory: messages and Sessions live as long as this process; a restart forgets them')
  if (config.data !== null) lines.push(`Data: ${config.data}: nothing is written there yet`)
  lines.push('Stop with Ctrl-C.')
  process.stdout.write(`${lines.join('\n')}\n`)
  const { durability } = config
  if (durability === null || durability === 'memory') return
  process.stderr.write(
    `Warning: durability ${durability} was asked for, but this version keeps everything in memory only. An acknowledged\n` +
      'message is lost if this process ends before it was delivered.\n',
  )
}

function version(): string {
  // package.json of this package: two directories up in the source and in what is published.
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return manifest.version
}
