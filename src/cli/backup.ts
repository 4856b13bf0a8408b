/**
 * `pabal backup`: everything that is acknowledged, in one file, while the broker runs or not.
 */
import { backUp } from '../server/at-rest/backup.ts'
import { type AtRestFlags, atRestCommand, contentsText, dataDirectory, runAtRest } from './at-rest/at-rest-command.ts'
import { parseArguments } from './parse-arguments.ts'
import { bytes } from './terminal-text.ts'

const help = `
The copy is of one moment: it holds everything that was acknowledged until then, and nothing half. It is read to the end
before it gets its name; a file that exists is never replaced. It holds messages: only this user can read it.

Examples:
  pabal backup /backups/pabal-monday.db
  pabal backup /backups/pabal-monday.db --data /var/lib/pabal

Back again: pabal restore FILE
`

export async function runBackup(argv: string[]): Promise<number> {
  const command = atRestCommand('backup', 'Copies a data directory into one file; the broker may be running.', help)
  command.argument('<FILE>', 'the file to make')
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  return runAtRest('Pabal cannot make the backup.', () => {
    const [file = ''] = command.args
    const contents = backUp(dataDirectory(command.opts<AtRestFlags>()), file)
    process.stdout.write(`Backed up to ${file}, ${bytes(contents.bytes)}: ${contentsText(contents)}.\n`)
    return 0
  })
}
