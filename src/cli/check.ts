/**
 * `pabal check`: one line and an exit code for monitoring: is the broker there, is a message through in time, and are the numbers
 * within their bounds?
 */
import { type Command, InvalidArgumentError } from 'commander'
import { AskClient } from './ask/ask-client.ts'
import { AskFault } from './ask/ask-fault.ts'
import { type AskFlags, askCommand, askTarget } from './ask/ask-flags.ts'
import { failedReport, judge, type Report, reportJson, reportLine, type Thresholds } from './check/report.ts'
import { askNumbers, checkedNumbers, type NumberName, statuses, type Threshold } from './check/thresholds.ts'
import { parseArguments } from './parse-arguments.ts'

const help = `
Connects, publishes a message at QoS 1 to itself, and asks the broker for its numbers. Prints one line, with performance data, as
plugins of Nagios and its kin do. A number is a warning, or critical, from its threshold on.

Exit codes: 0 OK, 1 WARNING, 2 CRITICAL (also if the broker cannot be reached or does not answer), 3 UNKNOWN (flags that make no
sense; no permission to ask for the numbers).

Examples:
  pabal check
  pabal check --held-warn 100 --held-crit 1000 --dead-warn 1 --waiting-crit 100000
  pabal check -L mqtts://monitor:secret@broker.example --warn 50 --crit 500
  pabal check --no-numbers --topic monitor/probe -u monitor -P secret

The numbers take the permission "observe"; --no-numbers does without. The probe takes the right to publish and subscribe to its
Topic Name. More: docs/operating/monitoring.md
`

interface CheckFlags extends AskFlags {
  warn: number
  crit: number
  topic: string
  numbers: boolean
  json?: boolean
}

/** With `$` in front it is for brokers and their tools: it is no Topic Name that nobody listens on once the check is gone. */
const probeTopicName = '$check/pabal'
const unknown = statuses.indexOf('UNKNOWN')

/** Runs `pabal check`; returns the exit code that monitoring knows. */
export async function runCheck(argv: string[]): Promise<number> {
  const command = checkCommand()
  const exitCode = parseArguments(command, argv)
  if (exitCode === 0) return 0
  if (exitCode !== null) {
    process.stdout.write('PABAL UNKNOWN: the flags make no sense; pabal check --help shows them\n')
    return unknown
  }
  const flags = command.opts<CheckFlags>()
  const thresholds = thresholdsOf(command, flags)
  const report = await check(flags, thresholds)
  process.stdout.write(flags.json === true ? reportJson(report) : reportLine(report, thresholds))
  return statuses.indexOf(report.status)
}

function checkCommand(): Command {
  const command = askCommand('check', 'Says to monitoring how the broker is: one line and an exit code.', help)
    .option('--warn <MS>', 'round trip that is a warning, in milliseconds', numberOf, 500)
    .option('--crit <MS>', 'round trip that is critical', numberOf, 2000)
    .option('--topic <TOPIC>', 'Topic Name that the message is published on', probeTopicName)
    .option('--no-numbers', 'only the round trip')
    .option('--json', 'as JSON')
  for (const { flag, words } of checkedNumbers) {
    command.option(`--${flag}-warn <COUNT>`, `a warning from so many ${words} on`, numberOf)
    command.option(`--${flag}-crit <COUNT>`, 'critical from so many on', numberOf)
  }
  return command
}

function numberOf(text: string): number {
  const value = Number(text)
  if (/^\d+(?:\.\d+)?$/.test(text) && Number.isFinite(value)) return value
  throw new InvalidArgumentError('It is a number, 0 or more.')
}

function thresholdsOf(command: Command, { warn, crit }: CheckFlags): Thresholds {
  // The flags are those that checkCommand has made: numbers under the names commander gives them.
  const given = command.opts<Readonly<Record<string, number | undefined>>>()
  const ofFlag = (name: NumberName): Threshold => ({
    warn: given[`${name}Warn`] ?? null,
    crit: given[`${name}Crit`] ?? null,
  })
  const numbers = Object.fromEntries(checkedNumbers.map(({ name }) => [name, ofFlag(name)]))
  // It has the names of all numbers, which fromEntries cannot say.
  return { roundTripMs: { warn, crit }, numbers: numbers as Record<NumberName, Threshold> }
}

/** What cannot be reached is critical, what may not be asked is unknown. */
async function check(flags: CheckFlags, thresholds: Thresholds): Promise<Report> {
  let client: AskClient | null = null
  let stage: 'flags' | 'broker' | 'numbers' = 'flags'
  try {
    const target = askTarget(flags)
    stage = 'broker'
    client = await AskClient.open(target)
    const roundTripMs = await client.roundTrip(flags.topic)
    stage = 'numbers'
    const numbers = flags.numbers ? await askNumbers(client) : null
    return judge(roundTripMs, numbers, thresholds)
  } catch (error) {
    if (!(error instanceof AskFault)) throw error
    const isRefusal = stage === 'flags' || (stage === 'numbers' && error.isRefusal)
    return failedReport(isRefusal ? 'UNKNOWN' : 'CRITICAL', error.message)
  } finally {
    await client?.close()
  }
}
