/**
 * `pabal doctor`: looks at the machine as a broker with this configuration would find it, and says what is not as it should be.
 *
 * It changes nothing: a port is opened for a moment to see whether it can be, that is all.
 */
import { Command } from 'commander'
import { defaultLimits } from '../core/limits.ts'
import type { ReadConfig } from '../server/config/config.ts'
import { ConfigError } from '../server/config/config-fault.ts'
import { defaultData } from '../server/config/configured-options.ts'
import { counted } from '../server/counted.ts'
import { defaultListen } from '../server/options.ts'
import { checkDisk } from './doctor/disk.ts'
import type { Finding, Verdict } from './doctor/finding.ts'
import { checkListeners } from './doctor/ports.ts'
import { checkSecrets } from './doctor/secrets.ts'
import { checkSystem } from './doctor/system.ts'
import { parseArguments } from './parse-arguments.ts'
import { readStartConfig } from './start/start-config.ts'
import { addStartFlags, checkStartFlags, type GivenFlags } from './start/start-flags.ts'

const help = `
Looks at Node, the ports, the limit of open files, memory, the disk and the data directory, the clock, and settings of the kernel;
says of each what was found, what is expected, and how to put it right. File, environment and flags count as they do for pabal start.
Run it as the user that runs the broker. It changes nothing.

Exit codes: 0 all is well, 1 something should be looked at, 2 something keeps the broker from working or loses messages,
3 the flags or the configuration file are wrong.

Examples:
  pabal doctor
  pabal doctor --config /etc/pabal/pabal.yaml
  sudo -u pabal pabal doctor --data /var/lib/pabal --json
`

interface DoctorFlags extends GivenFlags {
  json?: boolean
}

const exitCodes: Readonly<Record<Verdict, number>> = { ok: 0, warning: 1, fault: 2 }
const wrongFlags = 3

export async function runDoctor(argv: string[]): Promise<number> {
  const command = addStartFlags(new Command('pabal doctor'))
    .description('Says whether this machine is fit for the broker, and what to do if it is not.')
    .option('--json', 'as JSON')
    .helpOption('-h, --help', 'show this text')
    .addHelpText('after', help)
    .configureHelp({ helpWidth: 100 })
    .configureOutput({ outputError: (text, write) => write(`${text.trimEnd()}\nAll flags: pabal doctor --help\n`) })
    .allowExcessArguments(false)
    .exitOverride()
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode === 0 ? 0 : wrongFlags
  const flags = command.opts<DoctorFlags>()
  const read = readConfig(flags)
  if (read === null) return wrongFlags
  const findings = await examine(read)
  process.stdout.write(flags.json === true ? json(findings) : report(findings))
  return exitCodes[worst(findings)]
}

/** As `pabal start` would read it; null if it is wrong: that has been said. */
function readConfig(given: GivenFlags): ReadConfig | null {
  const { flags, faults } = checkStartFlags(given)
  try {
    return readStartConfig(flags, faults)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    return null
  }
}

async function examine(read: ReadConfig): Promise<Finding[]> {
  const { listeners, data, durability, limits } = read.config
  return [
    ...(await checkListeners(listeners ?? defaultListen)),
    ...(durability === 'memory' ? [] : checkDisk(data ?? defaultData)),
    ...checkSecrets(read),
    ...(await checkSystem({ ...defaultLimits, ...limits })),
  ]
}

function worst(findings: readonly Finding[]): Verdict {
  if (findings.some(({ verdict }) => verdict === 'fault')) return 'fault'
  return findings.some(({ verdict }) => verdict === 'warning') ? 'warning' : 'ok'
}

function report(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length))
  const lines = findings.map(({ what, verdict, found, expected, fix }) => {
    if (verdict === 'ok') return `ok       ${what.padEnd(width)}  ${found}`
    return `${verdict.padEnd(8)} ${what}\n           found     ${found}\n           expected  ${expected}\n           do        ${fix}`
  })
  const faults = findings.filter(({ verdict }) => verdict === 'fault').length
  const warnings = findings.filter(({ verdict }) => verdict === 'warning').length
  const sum = faults + warnings === 0 ? 'All is well.' : `${counted(faults, 'fault')}, ${counted(warnings, 'warning')}.`
  return `${lines.join('\n')}\n\n${sum}\n`
}

function json(findings: readonly Finding[]): string {
  return `${JSON.stringify({ verdict: worst(findings), findings }, null, 2)}\n`
}
