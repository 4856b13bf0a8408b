/**
 * The configuration of a broker as it is started: the file, the environment over it, and flags over both.
 */
import { resolve } from 'node:path'
import { type ReadConfig, readConfig } from '../../server/config/config.ts'
import { ConfigError, type ConfigFault } from '../../server/config/config-fault.ts'
import { configVariable, type Override } from '../../server/config/environment.ts'
import { withWholePaths } from '../../server/config/listen-value.ts'
import type { StartFlags } from './start-flags.ts'

/** The file that `--config` or else the variable names; without either there is none: none is looked for. */
export function configFile(flags: Pick<StartFlags, 'config'>): string | null {
  const { [configVariable]: named = '' } = process.env
  return flags.config ?? (named === '' ? null : named)
}

/** Again at every call: file and environment may have changed. @throws ConfigError with the faults of all three. */
export function readStartConfig(flags: StartFlags, flagFaults: readonly ConfigFault[]): ReadConfig {
  const faults = [...flagFaults]
  try {
    const read = readConfig({
      file: configFile(flags),
      environment: process.env,
      flags: overridesOf(flags),
      directory: process.cwd(),
    })
    if (faults.length === 0) return read
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    faults.push(...error.faults)
  }
  throw new ConfigError(faults)
}

function overridesOf({
  listen,
  data,
  admin,
  durability,
  allowAnonymous,
  limits,
  logLevel,
  logFormat,
}: StartFlags): Override[] {
  const overrides: Override[] = []
  const add = (flag: string, path: Override['path'], value: unknown) => {
    overrides.push({ path, value, origin: { type: 'flag', flag } })
  }
  if (listen !== null) add('--listen', ['listeners'], listen.map(wholePaths))
  if (data !== null) add('--data', ['data'], resolve(data))
  if (admin !== null) add('--admin', ['admin'], { listen: admin.listen === null ? 'off' : wholePaths(admin.listen) })
  if (durability !== null) add('--durability', ['durability'], durability)
  if (allowAnonymous) add('--allow-anonymous', ['allowAnonymous'], true)
  for (const [name, value] of Object.entries(limits)) add(`--limit ${name}`, ['limits', name], value)
  if (logLevel !== null) add('--log-level', ['log', 'level'], logLevel)
  if (logFormat !== null) add('--log-format', ['log', 'format'], logFormat)
  return overrides
}

/** In a flag they start from the working directory, as `--data` does. */
function wholePaths(url: string): string {
  return withWholePaths(url, process.cwd())
}
