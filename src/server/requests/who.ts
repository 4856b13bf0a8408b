/**
 * `$pabal/who`: who listens to a Topic Name.
 */
import { whoListens } from '../../core/query/who-listens.ts'
import { whoTotals } from '../../core/query/who-totals.ts'
import type { Asked, RequestHandler } from './request-handler.ts'

const advice = 'send the Topic Name as the payload, or {"topic": "..."}'

export const who: RequestHandler = {
  permission: 'observe',
  fields: { topic: 'topicName' },
  bareField: 'topic',
  topicOf: (fields) => fields.neededText('topic', advice),
  withoutPermission: facts,
  answer: (asked) => {
    const rows = whoListens(asked.state, asked.fields.neededText('topic', advice))
    return { facts: facts(asked), list: { name: 'subscribers', rows } }
  },
}

function facts({ state, fields }: Asked): object {
  const topic = fields.neededText('topic', advice)
  return { topic, totals: whoTotals(state, topic) }
}
