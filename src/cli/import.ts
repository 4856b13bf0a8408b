/**
 * `pabal import mosquitto`: says what becomes of each line of a mosquitto.conf, and writes a configuration file of ours.
 */
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { ConfigError, formatFaults } from '../server/config/config-fault.ts'
import { formatPath } from '../server/config/key-path.ts'
import { type MosquittoConfig, readMosquittoConf } from '../server/config/mosquitto/mosquitto-config.ts'
import { toYaml, withoutSecret } from '../server/config/mosquitto/to-yaml.ts'
import type { Verdict } from '../server/config/mosquitto/verdict.ts'
import { parseArguments } from './parse-arguments.ts'
import { visible } from './terminal-text.ts'

const help = `
FILE is a mosquitto.conf, or a folder with one, of mosquitto 2.0 or 2.1. Its include_dir is followed. Each line is one of these:

  mapped   it is in the file that is written
  ignored  it is left out, and nobody is worse off
  later    Pabal has nothing like it yet (bridges)
  REFUSED  without it, somebody could do what they could not before: nothing is written until the line is gone

The file goes to standard output, and the table to standard error; with --out the file goes there, if there is none yet.
Exit code: 0, or 1 if nothing was written.

"pabal start --config mosquitto.conf" reads such a file as it is.

Examples:
  pabal import mosquitto /etc/mosquitto > pabal.yaml
  pabal import mosquitto /etc/mosquitto/mosquitto.conf --out /etc/pabal/pabal.yaml
`

export async function runImport(argv: string[]): Promise<number> {
  const command = new Command('pabal import')
    .description('Makes a configuration file of that of another broker.')
    .argument('<BROKER>', 'mosquitto')
    .argument('<FILE-OR-FOLDER>', 'its configuration')
    .option('--out <FILE>', 'where to write; never over a file that is there')
    .helpOption('-h, --help', 'show this text')
    .addHelpText('after', help)
    .configureHelp({ helpWidth: 100 })
    .configureOutput({ outputError: (text, write) => write(`${text.trimEnd()}\nAll flags: pabal import --help\n`) })
    .exitOverride()
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const [broker = '', path = ''] = command.args
  if (broker !== 'mosquitto') {
    process.stderr.write(`pabal import: found ${visible(broker)}, expected mosquitto, the only broker it reads.\n`)
    return 1
  }
  const { out = null } = command.opts<{ out?: string }>()
  try {
    return importFile(isFolder(path) ? join(path, 'mosquitto.conf') : path, out)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

function importFile(file: string, out: string | null): number {
  const config = readMosquittoConf(file, process.cwd())
  const table = out === null ? process.stderr : process.stdout
  table.write(tableText(config))
  if (config.faults.length > 0) {
    process.stderr.write(`\n${formatFaults(config.faults)}\n\nNothing was written.\n`)
    return 1
  }
  const yaml = toYaml(config, file)
  if (out === null) {
    process.stdout.write(yaml)
    return 0
  }
  try {
    writeFileSync(out, yaml, { flag: 'wx' })
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    const reason = isThere ? 'it is there already' : error instanceof Error ? error.message : String(error)
    process.stderr.write(`pabal import: cannot write ${visible(out)}: ${reason}. Name another file as --out.\n`)
    return 1
  }
  process.stdout.write(`\nWritten to ${visible(out)}. Look at it, then: pabal check-config ${visible(out)}\n`)
  return 0
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function tableText({ rows }: MosquittoConfig): string {
  const cells = rows.map(({ file, line, name, value, verdict }) => {
    const written = shown(`${name} ${withoutSecret(name, value)}`.trim())
    return [
      `${file}:${line}`,
      written,
      verdict.type === 'refused' ? 'REFUSED' : verdict.type,
      becomes(verdict),
    ] as const
  })
  const placeWidth = Math.max(0, ...cells.map(([place]) => place.length))
  const writtenWidth = Math.min(44, Math.max(0, ...cells.map(([, written]) => written.length)))
  return cells
    .map(([place, written, word, text]) => {
      return `${place.padEnd(placeWidth)}  ${written.padEnd(writtenWidth)}  ${word.padEnd(7)}  ${text}\n`
    })
    .join('')
}

function becomes(verdict: Verdict): string {
  switch (verdict.type) {
    case 'mapped': {
      const { path, value, note } = verdict
      const key = formatPath(path)
      const keyAndValue = value === null ? key : `${key}: ${value}`
      return shown([keyAndValue, note].filter((part) => part !== '').join('; '))
    }
    case 'refused':
      return shown(`${verdict.why}; ${verdict.advice}`)
    case 'ignored':
    case 'later':
      return shown(verdict.why)
  }
}

/** What could move the cursor is written as an escape. */
function shown(text: string): string {
  return /\p{C}/u.test(text) ? visible(text) : text
}
