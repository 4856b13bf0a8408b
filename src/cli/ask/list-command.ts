/**
 * The flags of every verb that shows a list.
 */
import { type Command, InvalidArgumentError } from 'commander'
import { askCommand, secondsOf } from './ask-flags.ts'
import { rowsShown } from './ask-list.ts'

export function listCommand(verb: string, description: string, help: string): Command {
  return askCommand(verb, description, help)
    .option('--json', 'as JSON, with every row')
    .option('--watch [SECONDS]', 'again and again, every 2 seconds or so many, until it is stopped', secondsOf)
    .option('--rows <COUNT>', 'rows of the table at most', rowsOf, rowsShown)
}

function rowsOf(text: string): number {
  const rows = Number(text)
  if (Number.isInteger(rows) && rows > 0 && rows <= 1_000_000) return rows
  throw new InvalidArgumentError('It is a number from 1 to 1000000.')
}
