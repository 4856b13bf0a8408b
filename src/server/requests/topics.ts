/**
 * `$pabal/topics`: the Topic Names messages came in on lately.
 */
import { busiestTopics, topics as seenTopics } from '../../core/query/topics.ts'
import { RequestFault } from './request-fault.ts'
import type { RequestHandler } from './request-handler.ts'

const busiestMax = 1000

export const topics: RequestHandler = {
  permission: 'observe',
  fields: { filter: 'topicFilter', busiest: 'count' },
  bareField: 'filter',
  topicOf: (fields) => fields.text('filter') ?? '#',
  answer: ({ state, fields, nowMs }) => {
    const { size, forgotten, max } = state.topics
    const filter = fields.text('filter')
    const most = fields.count('busiest')
    if (most !== null && (filter !== null || most > busiestMax)) {
      const expected = `"busiest" up to ${busiestMax}, without "filter"`
      throw new RequestFault(filter === null ? `${most}` : 'both', expected, 'ask for one of them, or for fewer')
    }
    const rows = most === null ? seenTopics(state, filter, nowMs) : busiestTopics(state, most, nowMs)
    return {
      facts: { seen: size, forgotten, seenMax: max },
      list: { name: 'topics', rows },
    }
  },
}
