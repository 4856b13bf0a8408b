/**
 * `$pabal/retained`: the Retained Messages, or one of them with what it says.
 */
import { retainedMessages, retainedRow } from '../../core/query/retained.ts'
import { contentOf } from './content.ts'
import { NotThere, quoted } from './request-fault.ts'
import type { RequestHandler } from './request-handler.ts'

export const retained: RequestHandler = {
  permission: 'observe',
  fields: { topic: 'topicName', filter: 'topicFilter' },
  bareField: 'filter',
  topicOf: (fields) => fields.text('topic') ?? fields.text('filter') ?? '#',
  answer: ({ state, fields, nowMs }) => {
    const topic = fields.text('topic')
    if (topic === null) {
      const { count, bytes } = state.retained
      const rows = retainedMessages(state, fields.text('filter') ?? '#', nowMs)
      return { facts: { retained: { messages: count, bytes } }, list: { name: 'messages', rows } }
    }
    const message = state.retained.get(topic)
    if (message === undefined || message.isExpired(nowMs)) {
      const advice = 'look it up in the list of Retained Messages'
      throw new NotThere(`no Retained Message on ${quoted(topic)}`, 'a Topic Name that has one', advice)
    }
    return { facts: { message: { ...retainedRow(message), ...contentOf(message.toMessage().publish) } } }
  },
}
