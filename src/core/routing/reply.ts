/**
 * What the broker answers on behalf of a client that asked: a message on the Topic Name the client named.
 *
 * No policy, no receipt and no event is ever made of one. A Topic Name of the form `$pabal/NAME/ID/reply` is private: the
 * answer goes to the Subscription of the Session that asked, and to nobody else's.
 */
import type { PublishProperties, Qos } from '../../protocol/control-packet.ts'
import { type Publish, publish } from '../../protocol/packets/publish.ts'
import { writeRecord } from '../log.ts'
import { Message } from '../message.ts'
import { receiptOf, retainRuleOf } from '../rest/recipient-sets.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { recordSets } from './audience.ts'
import { deliverCopy, deliverToSet, dropForFullQueue } from './delivery.ts'
import { countMessage } from './fate.ts'
import { admitMessage, fromBroker } from './router.ts'
import type { Receiver } from './subscription.ts'

export interface Reply {
  /** Null if its Session is no more: then nobody gets a private reply. */
  readonly requester: Session | null
  /** One the requester may publish to, or a private one. */
  readonly topicName: string
  /** Kept. */
  readonly payload: Buffer
  readonly qos: Qos
  /** Correlation Data, Content Type. */
  readonly properties: PublishProperties
}

const privateReply = /^\$pabal\/[^/]+\/[^/]+\/reply$/

/** Whether a Topic Name is for replies to one client only. */
export function isPrivateReply(topicName: string): boolean {
  return topicName.startsWith('$pabal/') && privateReply.test(topicName)
}

export function sendReply(core: CoreState, reply: Reply, nowMs: number, turn: Turn): void {
  const { requester, topicName, payload, qos, properties } = reply
  const packet = publish({ topicName, payload, qos, properties })
  if (!isPrivateReply(topicName)) {
    admitMessage(core, packet, fromBroker, nowMs, turn)
    return
  }
  const route = core.subscriptions.route(topicName)
  const to = route.receivers.find(({ session }) => session === requester)
  core.tally.made += 1
  route.rule.made += 1
  countMessage(core.tally, route.rule, to === undefined ? 'unmatched' : 'routed')
  if (to !== undefined) replyTo(core, to, packet, nowMs, turn)
}

function replyTo(core: CoreState, to: Receiver, packet: Publish, nowMs: number, turn: Turn): void {
  const { session, subscriptionIdentifiers } = to
  const message = new Message(0, packet, nowMs)
  const qos = packet.qos < to.qos ? packet.qos : to.qos
  if (qos > 0 && !session.outbound.hasRoom(message.size, core, core.options.whenQueueFull)) {
    dropForFullQueue(core, 'droppedQueueFull', session, 0, message)
  } else if (qos > 0 && session.survives) {
    const set = core.recipientSets.of([receiptOf(to)])
    const recipients = recordSets(core, [set], turn)
    const facts = { retained: 'unchanged', inbound: null, willOf: null, held: null, replaces: 0, owed: null } as const
    message.seq = writeRecord(core, turn, { type: 'message', message, recipients, ...facts })
    deliverToSet(core, set, message, message.seq, nowMs, turn)
  } else deliverCopy(core, session, message, qos, retainRuleOf(to), subscriptionIdentifiers, null, nowMs, turn)
}
