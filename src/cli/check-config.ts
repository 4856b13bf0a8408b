/**
 * `pabal check-config`: whether a broker could start with a configuration, everything that is wrong with it, and what is in force.
 *
 * Reads the file, the environment and the flags of `pabal start`. Starts nothing, opens no port, changes nothing.
 */
import { Command } from 'commander'
import { adminFaults } from '../admin/admin-faults.ts'
import type { ReadConfig } from '../server/config/config.ts'
import { ConfigError, type ConfigFault, formatFaults } from '../server/config/config-fault.ts'
import { configuredOptions } from '../server/config/configured-options.ts'
import { type EffectiveValue, effectiveValues } from '../server/config/effective.ts'
import { formatJsonSchema } from '../server/config/json-schema.ts'
import { formatOrigin } from '../server/config/origin.ts'
import { startFaults } from '../server/config/start-faults.ts'
import { parseArguments } from './parse-arguments.ts'
import { configFile, readStartConfig } from './start/start-config.ts'
import { addStartFlags, checkStartFlags, type GivenFlags } from './start/start-flags.ts'
import { visible } from './terminal-text.ts'

interface CheckFlags extends GivenFlags {
  print?: boolean
  json?: boolean
  schema?: boolean
}

const help = `
FILE is the same as --config FILE. The environment (PABAL_...) and the flags count as they do for pabal start. Certificates and
password files are read, too. Exit code: 0 if a broker could start with it, 1 if not.

Examples:
  pabal check-config pabal.yaml
  pabal check-config pabal.yaml --print          every key, its value, and where that comes from
  pabal check-config --json --listen tcp://127.0.0.1:1884
  pabal check-config --schema > pabal.schema.json

Every key: docs/operating/configuration.md
`

type Outcome =
  | { readonly faults: readonly ConfigFault[]; readonly values: null }
  | { readonly faults: null; readonly values: readonly EffectiveValue[] }

export async function runCheckConfig(argv: string[]): Promise<number> {
  const command = addStartFlags(new Command('pabal check-config'))
    .description('Says whether a broker could start with a configuration, and all that is wrong with it.')
    .argument('[FILE]', 'the configuration file')
    .option('--print', 'every key with its value and where that comes from; secrets are not shown')
    .option('--json', 'as JSON: the faults, or every key')
    .option('--schema', 'the JSON Schema of the file, for editors; nothing is checked')
    .helpOption('-h, --help', 'show this text')
    .addHelpText('after', help)
    .configureHelp({ helpWidth: 100 })
    .configureOutput({
      outputError: (text, write) => write(`${text.trimEnd()}\nAll flags: pabal check-config --help\\n`),
    })
    .exitOverride()
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const flags = command.opts<CheckFlags>()
  if (flags.schema === true) {
    process.stdout.write(formatJsonSchema())
    return 0
  }
  const [file] = command.args
  if (file !== undefined && flags.config !== undefined && file !== flags.config) {
    process.stderr.write(
      `pabal check-config: ${visible(file)} and --config ${visible(flags.config)} are two files; name one.\n`,
    )
    return 1
  }
  const given = file === undefined ? flags : { ...flags, config: file }
  const outcome = await check(given)
  tell(outcome, given)
  return outcome.faults === null ? 0 : 1
}

async function check(given: CheckFlags): Promise<Outcome> {
  const { flags, faults: flagFaults } = checkStartFlags(given)
  let read: ReadConfig
  try {
    read = readStartConfig(flags, flagFaults)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { faults: error.faults, values: null }
  }
  // That clients log in is enough to know: no password need be hashed for it.
  const options = await configuredOptions(read.config, false, { authenticate: () => false })
  const faults = [...(await startFaults(read, options)), ...(await adminFaults(read))]
  return faults.length > 0 ? { faults, values: null } : { faults: null, values: effectiveValues(read) }
}

function tell({ faults, values }: Outcome, { print = false, json = false, config }: CheckFlags): void {
  if (json) {
    const shown = values?.map(({ key, value, origin, sameAs }) => ({ key, value, source: { ...origin, sameAs } }))
    const answer = faults === null ? { ok: true, values: shown } : { ok: false, faults }
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
    return
  }
  if (faults !== null) {
    process.stderr.write(`${formatFaults(faults)}\n`)
    return
  }
  if (print) {
    process.stdout.write(valuesText(values))
    return
  }
  const file = configFile({ config: config ?? null })
  const what = file === null ? 'The configuration (no file)' : visible(file)
  const count = values.filter(({ origin }) => origin.type !== 'default').length
  process.stdout.write(
    `${what} is in order: ${count === 1 ? '1 value is' : `${count} values are`} given, the rest are defaults.\n`,
  )
}

function valuesText(values: readonly EffectiveValue[]): string {
  const rows = values.map(({ key, text, origin, sameAs }) => {
    return [key, oneLine(text), sameAs === null ? formatOrigin(origin) : `default: ${sameAs}`] as const
  })
  const keyWidth = Math.max(...rows.map(([key]) => key.length))
  const textWidth = Math.min(40, Math.max(...rows.map(([, text]) => text.length)))
  return rows.map(([key, text, origin]) => `${key.padEnd(keyWidth)}  ${text.padEnd(textWidth)}  ${origin}\n`).join('')
}

/** Blanks may stay, what could move the cursor may not. */
function oneLine(text: string): string {
  return /\p{C}/u.test(text) ? visible(text) : text
}
