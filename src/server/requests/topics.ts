/**
 * `$pabal/topics`: the Topic Names messages came in on lately.
 */
import { topics as seenTopics } from '../../core/query/topics.ts'
import type { RequestHandler } from './request-handler.ts'

export const topics: RequestHandler = {
  permission: 'observe',
  fields: { filter: 'topicFilter' },
  bareField: 'filter',
  topicOf: (fields) => fields.text('filter') ?? '#',
  answer: ({ state, fields, nowMs }) => {
    const { size, forgotten, max } = state.topics
    return {
      facts: { seen: size, forgotten, seenMax: max },
      list: { name: 'topics', rows: seenTopics(state, fields.text('filter'), nowMs) },
    }
  },
}
