/**
 * `pabal inspect`: what is at rest in a data directory, while the broker runs or not. Changes nothing.
 */
import {
  type Inspection,
  inspectDirectory,
  readStoredMessages,
  readStoredRecords,
} from '../server/at-rest/inspection.ts'
import { count } from '../server/counted.ts'
import { type AtRestFlags, atRestCommand, dataDirectory, runAtRest } from './at-rest/at-rest-command.ts'
import { inspectionText, sessionText } from './at-rest/inspection-text.ts'
import { parseArguments } from './parse-arguments.ts'
import { bytes, time, visible } from './terminal-text.ts'

interface InspectFlags extends AtRestFlags {
  json?: boolean
  session?: string
  records?: boolean
}

const help = `
Works beside a running broker and without one; nothing is changed and nobody has to wait.
Sizes of messages are those of Topic Name and payload. QoS 1 messages that were sent to a connected client and are not
acknowledged count as waiting.

Examples:
  pabal inspect                              the data directory ./data
  pabal inspect --data /var/lib/pabal --json
  pabal inspect --session sensor-7           one Session: Subscriptions, what is in flight, what comes next
  pabal inspect --records | head             every record of the log as a line of JSON, payloads included

"For nobody else" are the bytes of messages that only this Session still needs: what ending it would free.
What the records say: docs/disk-format.md
`

export async function runInspect(argv: string[]): Promise<number> {
  const command = atRestCommand('inspect', 'Says what is at rest: Sessions, queues, Retained Messages, the log.', help)
    .option('--json', 'as JSON, with every Session')
    .option('--session <ID>', 'only the Sessions of this Client Identifier, in detail')
    .option('--records', 'every record of the log, each as a line of JSON')
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const flags = command.opts<InspectFlags>()
  return runAtRest('Pabal cannot inspect the data directory.', () => inspect(flags))
}

function inspect(flags: InspectFlags): number {
  const { json = false, session, records = false } = flags
  if (records && (json || session !== undefined)) {
    throw new Error('--records is JSON already and takes neither --json nor --session.')
  }
  const directory = dataDirectory(flags)
  // Whoever read the output may have gone, as with `| head`.
  process.stdout.on('error', () => process.exit(0))
  if (records) {
    readStoredRecords(directory, (record) => process.stdout.write(`${JSON.stringify(record)}\n`))
    return 0
  }
  const inspection = inspectDirectory(directory)
  if (session !== undefined) return showSession(inspection, session, json)
  process.stdout.write(json ? `${JSON.stringify(inspection, null, 2)}\n` : inspectionText(inspection))
  return 0
}

function showSession({ directory, sessions }: Inspection, clientIdentifier: string, json: boolean): number {
  const found = sessions.filter((session) => session.clientIdentifier === clientIdentifier)
  if (found.length === 0) {
    throw new Error(
      `${directory} holds no Session with the Client Identifier ${visible(clientIdentifier)}.\n` +
        `It holds ${count(sessions.length)} others: "pabal inspect" lists them.`,
    )
  }
  if (json) {
    process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
    return 0
  }
  const texts = found.map((session) => {
    const next = readStoredMessages(directory, session.next).map(({ seq, receivedMs, topicName, qos, size }) => {
      return [count(seq), time(receivedMs), visible(topicName), `${qos}`, bytes(size)]
    })
    return sessionText(session, next)
  })
  process.stdout.write(texts.join('\n'))
  return 0
}
