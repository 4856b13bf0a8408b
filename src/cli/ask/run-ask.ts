/**
 * What the verbs that ask have in common when they run: a connection for as long as it takes, faults in words.
 */
import { AskClient } from './ask-client.ts'
import { AskFault } from './ask-fault.ts'
import { type AskFlags, askTarget } from './ask-flags.ts'

/** Runs the work with a connected client; what goes wrong is told under `title`, and the exit code is 1. */
export async function runAsk(
  title: string,
  flags: AskFlags,
  work: (client: AskClient) => Promise<number>,
): Promise<number> {
  // Whoever read the output may have gone, as with `| head`.
  process.stdout.on('error', () => process.exit(0))
  let client: AskClient | null = null
  try {
    client = await AskClient.open(askTarget(flags))
    return await work(client)
  } catch (error) {
    if (!(error instanceof AskFault)) throw error
    process.stderr.write(`${title}\n\n${error.message}\n`)
    return 1
  } finally {
    await client?.close()
  }
}
