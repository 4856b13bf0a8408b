/**
 * A dead letter: a message that nobody listens for, or that some Sessions had no room for, published again where somebody looks
 * after it; and the way back.
 */
import type { PublishProperties, UserProperties } from '../../protocol/control-packet.ts'
import { type Publish, publish } from '../../protocol/packets/publish.ts'
import type { Session } from '../session/session.ts'
import type { TopicRule } from './topic-rule.ts'

/** Client Identifiers that a dead letter names; of the others it says how many there are. */
const namedMax = 20
/** The first of the User Properties that are added: everything behind the last of this name is ours. */
const originName = 'pabal-topic'

/**
 * The same payload and properties on the configured Topic Name, with User Properties that say where it was published, by
 * whom, when (milliseconds since 1970), why it is here, and who goes without it. `without` is empty if nobody subscribes.
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
    [originName, original.topicName],
    ['pabal-publisher', publisher?.clientIdentifier ?? ''],
    ['pabal-account', publisher?.account ?? ''],
    ['pabal-at-ms', String(nowMs)],
    ['pabal-reason', without.size === 0 ? 'no-subscribers' : 'queue-full'],
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

/** What a dead letter says of the message it was: its Topic Name, what was added, and the properties it had. */
export interface Origin {
  readonly topicName: string
  readonly told: UserProperties
  readonly properties: PublishProperties
}

/** Null if a message on the Topic Name of dead letters is none, but was published there. */
export function originOf(letter: Publish): Origin | null {
  const { userProperties = [], ...properties } = letter.properties
  const start = userProperties.findLastIndex(([name]) => name === originName)
  const topicName = userProperties[start]?.[1]
  if (topicName === undefined) return null
  const own = userProperties.slice(0, start)
  if (own.length > 0) Object.assign(properties, { userProperties: own })
  return { topicName, told: userProperties.slice(start), properties }
}
