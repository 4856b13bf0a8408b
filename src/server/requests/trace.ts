/**
 * `$pabal/trace`: what became of the messages of a Topic Filter, from the log of fates.
 */
import { trace as entriesOf, traceTotals } from '../../core/query/trace.ts'
import type { RequestHandler } from './request-handler.ts'

export const trace: RequestHandler = {
  permission: 'observe',
  fields: { topic: 'topicFilter', after: 'count' },
  bareField: 'topic',
  topicOf: (fields) => fields.text('topic') ?? '#',
  answer: ({ state, fields }) => {
    const topic = fields.text('topic') ?? '#'
    const rows = entriesOf(state, topic, fields.count('after') ?? 0)
    return { facts: { topic, ...traceTotals(state) }, list: { name: 'entries', rows } }
  },
}
