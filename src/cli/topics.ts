/**
 * `pabal topics`: the Topic Names messages came in on lately. Asks the broker over MQTT.
 */
import { count, counted } from '../server/counted.ts'
import type { SeenTopic } from '../server/requests/answer-types.ts'
import { type ListFlags, type ListView, showList } from './ask/ask-list.ts'
import { age, clientText } from './ask/cell-text.ts'
import { listCommand } from './ask/list-command.ts'
import { runAsk } from './ask/run-ask.ts'
import { parseArguments } from './parse-arguments.ts'

const help = `
The broker keeps count of as many Topic Names as its limit topicsSeenMax allows (10,000 by default); the least used make
room for new ones, and how many did is said. The rate is that of the last ten to twenty seconds.

Examples:
  pabal topics
  pabal topics --filter 'sensors/#' --watch

It takes the permission "observe".
`

interface TopicsFlags extends ListFlags {
  filter?: string
}

export async function runTopics(argv: string[]): Promise<number> {
  const command = listCommand('topics', 'Lists the Topic Names messages came in on lately.', help).option(
    '--filter <FILTER>',
    'only those that match a Topic Filter',
  )
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const flags = command.opts<TopicsFlags>()
  const view: ListView<SeenTopic> = {
    request: 'topics',
    fields: flags.filter === undefined ? {} : { filter: flags.filter },
    listName: 'topics',
    headings: ['TOPIC', ' MESSAGES', ' A SECOND', 'LAST', ' ONLINE', ' OFFLINE', ' OBSERVERS', 'NOTES'],
    rowName: 'Topic Name',
    cells: ({ topic, messages, messagesPerSecond, lastAtMs, totals }, atMs) => [
      clientText(topic),
      count(messages),
      messagesPerSecond.toFixed(messagesPerSecond < 10 ? 2 : 0),
      age(lastAtMs, atMs),
      count(totals.online),
      count(totals.offline),
      count(totals.observers),
      totals.online + totals.offline === 0 ? 'nobody listens' : '',
    ],
    none: flags.filter === undefined ? null : `None of them matches ${clientText(flags.filter)}.`,
    summary: ({ seen, forgotten }) => {
      const gone = Number(forgotten) === 0 ? '' : `; ${count(Number(forgotten))} made room for others`
      return `${counted(Number(seen), 'Topic Name')} seen${gone}`
    },
  }
  return runAsk('Pabal cannot list the Topic Names.', flags, (client) => showList(client, view, flags))
}
