/**
 * Reading the arguments of a verb whose flags commander knows.
 */
import { type Command, CommanderError } from 'commander'

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
