/**
 * What the verbs that work on a data directory have in common: which directory, how faults are told, how numbers look.
 */
import { resolve } from 'node:path'
import { Command } from 'commander'
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
