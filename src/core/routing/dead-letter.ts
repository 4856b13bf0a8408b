/**
 * A dead letter: a message that some Sessions had no room for, published again where somebody looks after it.
 */
import { type Publish, publish } from '../../protocol/packets/publish.ts'
import type { Session } from '../session/session.ts'
import type { TopicRule } from './topic-rule.ts'

/** Client Identifiers that a dead letter names; of the others it says how many there are. */
const namedMax = 20

/**
 * The same payload and properties on the configured Topic Name, with User Properties that say where it was published, by
 * whom, when (milliseconds since 1970), who goes without it and why.
 */
export function deadLetter(
  original: Publish,
  rule: TopicRule,
  publisher: Session | null,
  without: ReadonlySet<Session>,
  nowMs: number,
): Publish {
  const { topicAlias: _, subscriptionIdentifiers: __, userProperties = [], ...properties } = original.properties
  const names = [...without].map(({ clientIdentifier }) => clientIdentifier)
  const told: [name: string, value: string][] = [
    ['pabal-topic', original.topicName],
    ['pabal-publisher', publisher?.clientIdentifier ?? ''],
    ['pabal-at-ms', String(nowMs)],
    ['pabal-reason', 'queue-full'],
    ...names.slice(0, namedMax).map((name): [string, string] => ['pabal-client', name]),
  ]
  if (names.length > namedMax) told.push(['pabal-more-clients', String(names.length - namedMax)])
  const { payload, qos } = original
  return publish({
    topicName: rule.options.deadLetterTopicName,
    payload,
    qos,
    properties: { ...properties, userProperties: [...userProperties, ...told] },
  })
}
