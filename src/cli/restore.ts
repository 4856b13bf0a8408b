/**
 * `pabal restore`: makes a backup the data of a directory again.
 */
import { restoreBackup } from '../server/at-rest/backup.ts'
import { type AtRestFlags, atRestCommand, contentsText, dataDirectory, runAtRest } from './at-rest/at-rest-command.ts'
import { parseArguments } from './parse-arguments.ts'

const help = `
The broker must be stopped. A directory that holds data is left alone, unless you say --force: then what is there stays in
the directory under another name.

Everything is again as it was at the moment of the backup: messages that were delivered since may be delivered once more,
and what came since is in the other file only. Time goes on: Sessions and messages that have expired since are gone.

Examples:
  pabal restore /backups/pabal-monday.db
  pabal restore /backups/pabal-monday.db --data /var/lib/pabal --force
`

export async function runRestore(argv: string[]): Promise<number> {
  const command = atRestCommand(
    'restore',
    'Makes a backup the data of a directory again; the broker must be stopped.',
    help,
  )
  command.argument('<FILE>', 'what "pabal backup" made').option('--force', 'also if the directory holds data')
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  return runAtRest('Pabal cannot restore the backup.', () => {
    const [file = ''] = command.args
    const flags = command.opts<AtRestFlags & { force?: boolean }>()
    const directory = dataDirectory(flags)
    const { kept, ...contents } = restoreBackup(directory, file, flags.force === true)
    process.stdout.write(`Restored to ${directory}: ${contentsText(contents)}.\n`)
    if (kept !== null) process.stdout.write(`What was there is in ${directory}/${kept}.\n`)
    return 0
  })
}
