/**
 * What pub, sub and rr have in common before they connect: arguments read, help given, mistakes reported.
 */
import { toolHelp, toolVersion } from './help.ts'
import type { Invocation } from './invocation.ts'
import type { Options } from './options.ts'
import { argumentBytes } from './raw-arguments.ts'
import { readArguments } from './read-arguments.ts'
import { SetupError } from './setup-error.ts'
import { ToolOutput } from './tool-output.ts'
import { HelpRequest, UsageError } from './usage-error.ts'

/** Runs `action` with what the arguments say, and turns what the user did wrong into words and exit code 1. */
export async function startTool(
  invocation: Invocation,
  argv: readonly string[],
  action: (options: Options, output: ToolOutput) => Promise<number>,
): Promise<number> {
  let isQuiet = false
  try {
    const options = readArguments({ invocation, argumentBytes: argumentBytes(argv), environment: process.env })
    isQuiet = options.isQuiet
    return await action(options, new ToolOutput(invocation, options.isQuiet))
  } catch (error) {
    if (error instanceof HelpRequest) {
      process.stdout.write(error.request === 'help' ? toolHelp(invocation) : toolVersion(invocation))
      // Debian's tools take a question for a failure.
      return invocation.isDropIn ? 1 : 0
    }
    if (error instanceof UsageError) {
      process.stderr.write(error.bytes)
      process.stderr.write(`\nUse '${invocation.name} --help' to see usage.\n`)
      return 1
    }
    if (error instanceof SetupError) {
      if (!isQuiet) process.stderr.write(error.message)
      return 1
    }
    throw error
  }
}
