/**
 * `$pabal/access-test`: whether the access rules let a client do something, and which rule decides. Nothing is done.
 */
import { type AccessAction, type AccessPolicy, accessActions, type Subject } from '../../core/access/access-policy.ts'
import { AccessRules } from '../../core/access/access-rules.ts'
import { type AccessTest, testAccess } from '../../core/query/access-test.ts'
import { parseTopicFilter } from '../../core/routing/topic-filter.ts'
import { topicNameFault } from '../../core/routing/topic-name.ts'
import { widestTopicLimits } from '../config/topic-values.ts'
import { quoted, RequestFault, unknownName } from './request-fault.ts'
import type { RequestHandler } from './request-handler.ts'

export const accessTest: RequestHandler = {
  permission: 'observe',
  fields: { account: 'text', client: 'text', groups: 'text', action: 'text', topic: 'text' },
  answer: ({ state, fields }) => {
    const action = fields.neededText('action', `send "action": one of ${accessActions.join(', ')}`)
    const topic = fields.neededText('topic', 'send "topic": a Topic Name, or a Topic Filter')
    const account = fields.text('account') ?? ''
    const clientIdentifier = fields.text('client') ?? ''
    const written = fields.text('groups')
    // Those the client has come with, if it is there.
    const groups =
      written === null ? (state.sessions.get(account, clientIdentifier)?.groups ?? []) : groupNames(written)
    return { facts: testedAccess(state.access, { account, clientIdentifier, groups }, action, topic) }
  },
}

/** Names with commas between them. */
export function groupNames(written: string): string[] {
  return written.split(',').filter((name) => name !== '')
}

/** As it was asked for. @throws RequestFault */
function testedAccess(access: AccessRules | null, who: Subject, written: string, topic: string): AccessTest {
  const action = accessActions.find((each) => each === written)
  if (action === undefined) throw unknownName('one of these actions', written, accessActions)
  return testAccess(access, who, action, checkedTopic(action, topic))
}

/** The same of a policy that is not in force. @throws RequestFault */
export function testedAccessOf(policy: AccessPolicy | null, who: Subject, action: string, topic: string): AccessTest {
  return testedAccess(policy === null ? null : new AccessRules(policy), who, action, topic)
}

function checkedTopic(action: AccessAction, topic: string): string {
  if (action === 'publish' || action === 'receive') {
    const fault = topicNameFault(topic, widestTopicLimits)
    if (fault === null) return topic
    throw new RequestFault(`${quoted(topic)}: ${fault}`, 'a Topic Name without wildcards', 'correct the topic')
  }
  const parsed = parseTopicFilter(topic, widestTopicLimits)
  if (parsed.type === 'filter') return parsed.filter
  throw new RequestFault(`${quoted(topic)}: ${parsed.reason}`, 'a Topic Filter', 'correct the topic')
}
