/**
 * `$pabal/trace`: what became of the messages of a Topic Filter, from the log of fates.
 */
import { trace as entriesOf, traceTotals } from '../../core/query/trace.ts'
import { copyFates, messageFates } from '../../core/routing/fate.ts'
import { unknownName } from './request-fault.ts'
import type { RequestHandler } from './request-handler.ts'

const fateNames: readonly string[] = [...new Set([...messageFates, ...copyFates])]

export const trace: RequestHandler = {
  permission: 'observe',
  fields: { topic: 'topicFilter', after: 'count', client: 'text', fate: 'text' },
  bareField: 'topic',
  topicOf: (fields) => fields.text('topic') ?? '#',
  answer: ({ state, fields }) => {
    const topic = fields.text('topic') ?? '#'
    const after = fields.count('after') ?? 0
    const fates = readFates(fields.text('fate'))
    const rows = entriesOf(state, { filter: topic, after, client: fields.text('client'), fates })
    return { facts: { topic, ...traceTotals(state) }, list: { name: 'entries', rows } }
  },
}

/** With commas between them. @throws RequestFault */
function readFates(written: string | null): ReadonlySet<string> | null {
  if (written === null) return null
  const names = written.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !fateNames.includes(name))
  if (unknown !== undefined) throw unknownName('some of these fates', unknown, fateNames)
  return new Set(names)
}
