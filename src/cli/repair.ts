/**
 * `pabal repair`: saves what can be saved of a damaged data directory, and says what could not.
 */
import { type Repair, repairDirectory } from '../server/at-rest/repair.ts'
import { count } from '../server/counted.ts'
import { type AtRestFlags, atRestCommand, contentsText, dataDirectory, runAtRest } from './at-rest/at-rest-command.ts'
import { lostText } from './at-rest/lost-text.ts'
import { parseArguments } from './parse-arguments.ts'

const help = `
The broker must be stopped. What can be relied on, by SQLite's own account and by the checksum of each block, is copied to
a new database. The damaged one stays in the directory as it is, under another name. Needs as much free space again.

What is lost is told block by block, with the numbers of the records and what can still be told of them. A Session whose
record of being over was lost lives again until it expires; one whose acknowledgements were lost gets messages once more.

Examples:
  pabal repair
  pabal repair --data /var/lib/pabal
`

const seqsShown = 20

export async function runRepair(argv: string[]): Promise<number> {
  const command = atRestCommand('repair', 'Saves what can be saved of a damaged data directory.', help)
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  return runAtRest('Pabal cannot repair the data directory.', () => {
    const directory = dataDirectory(command.opts<AtRestFlags>())
    process.stdout.write(repairText(directory, repairDirectory(directory)))
    return 0
  })
}

function repairText(directory: string, { contents, wasSound, lost, withoutRecipients, kept }: Repair): string {
  if (wasSound) return `Nothing in ${directory} is damaged, and nothing was changed: ${contentsText(contents)}.\n`
  const parts: string[] = []
  if (lost.length === 0)
    parts.push('Repaired, and nothing was lost: only what SQLite keeps to find the rows was damaged.')
  else parts.push(`Repaired. What was lost:\n\n${lost.map(lostText).join('\n')}`)
  if (withoutRecipients.length > 0) {
    const shown = withoutRecipients.slice(0, seqsShown).map(count).join(', ')
    const more = withoutRecipients.length > seqsShown ? ` and ${count(withoutRecipients.length - seqsShown)} more` : ''
    parts.push(`Messages that are there, but for whom is lost in part or whole: records ${shown}${more}.`)
  }
  parts.push(`What is there now: ${contentsText(contents)}.`)
  if (kept !== null)
    parts.push(`The damaged database is in ${directory}/${kept}. Delete it when you want nothing more of it.`)
  return `${parts.join('\n\n')}\n`
}
