/**
 * What the verbs that work on a data directory have in common: which directory, how faults are told, how numbers look.
 */
import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import type { Contents } from '../../server/at-rest/verification.ts'
import { loadConfig } from '../../server/config/config.ts'
import { defaultData } from '../../server/config/configured-options.ts'
import { counted } from '../../server/counted.ts'

export interface AtRestFlags {
  data?: string
  config?: string
}

/** The command of a verb with the flags they all have. */
export function atRestCommand(verb: string, description: string, help: string): Command {
  return new Command(`pabal ${verb}`)
    .description(description)
    .option('--data <DIR>', `the data directory (default: the one of the configuration file, or ./data)`)
    .option('--config <FILE>', 'a configuration file (YAML) that names the data directory')
    .helpOption('-h, --help', 'show this text')
    .addHelpText('after', help)
    .configureHelp({ helpWidth: 100 })
    .configureOutput({ outputError: (text, write) => write(`${text.trimEnd()}\nAll flags: pabal ${verb} --help\n`) })
    .allowExcessArguments(false)
    .exitOverride()
}

/** Reads the arguments; the exit code if there is nothing more to do: the help was asked for, or they make no sense. */
export function parseArguments(command: Command, argv: readonly string[]): number | null {
  try {
    command.parse(argv, { from: 'user' })
    return null
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode
  }
}

/** @throws ConfigError if the configuration file cannot be used. */
export function dataDirectory({ data, config }: AtRestFlags): string {
  if (data !== undefined) return resolve(data)
  return (config === undefined ? null : loadConfig(config).data) ?? defaultData
}

/** Runs the verb; what goes wrong is told without a stack trace, and the exit code is 1. */
export async function runAtRest(title: string, work: () => Promise<number> | number): Promise<number> {
  try {
    return await work()
  } catch (error) {
    process.stderr.write(`${title}\n\n${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

/** What a database was found to hold. */
export function contentsText({ sessions, messages, retained, records }: Contents): string {
  return (
    `${counted(sessions, 'Session')}, ${counted(messages, 'message')} for them, ` +
    `${counted(retained, 'Retained Message')}, ${counted(records, 'record')} in the log`
  )
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let rest = value
  let unit = 0
  for (; rest >= 1024 && unit < units.length - 1; unit++) rest /= 1024
  return `${unit === 0 ? rest : rest.toFixed(1)} ${units[unit]}`
}

export function time(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** Text of a client as it may stand on a terminal: what could move the cursor is written as an escape. */
export function visible(text: string): string {
  if (text === '') return '""'
  return /^[^\p{C}\p{Z}"\\]+$/u.test(text) ? text : JSON.stringify(text).replace(/[\p{C}\u2028\u2029]/gu, escaped)
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** Columns side by side; a column whose heading begins with a blank is set right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings.map((heading) => heading.trim()), ...rows]
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          headings[column]?.startsWith(' ') ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
