/**
 * Copies of a Shared Subscription that their Session does not finish: because it has ended, or because its client may not receive them
 * any more. They go to the member whose turn it is and that may receive them. MQTT 5.0 section 4.8.2.
 *
 * Such a copy ends in its Session, and another one begins: both are in the ledger, and in the records of one Turn.
 */
import { writeRecord } from '../log.ts'
import { Message } from '../message.ts'
import { retainRuleOf } from '../rest/recipient-sets.ts'
import { recordSets, sharedSet } from '../routing/audience.ts'
import { deliverCopy, deliverToSet, dropForFullQueue, enqueueInSet } from '../routing/delivery.ts'
import { permittedGroup } from '../routing/permitted.ts'
import type { Subscription } from '../routing/subscription.ts'
import { unsharedFilter } from '../routing/topic-filter.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { Copy } from './copy.ts'
import type { Session } from './session.ts'

/** Ends a copy that its client is not known to have received, and moves it if it came through a shared group. The caller releases it. */
export function endOrMove(
  core: CoreState,
  fate: 'sessionEnded' | 'accessRevoked',
  session: Session,
  copy: Copy,
  nowMs: number,
  turn: Turn,
): void {
  const before = core.endings.length
  core.endCopy(fate, session, copy.messageSeq, copy.message)
  const hasMoved = moveToOtherMember(core, copy, nowMs, turn)
  const ending = core.endings[before]
  if (hasMoved && ending !== undefined) ending.hasMoved = true
}

/** Of a copy that waited, and that its client may not receive any more. */
export function passOn(core: CoreState, session: Session, copy: Copy, nowMs: number, turn: Turn): void {
  endOrMove(core, 'accessRevoked', session, copy, nowMs, turn)
  if (copy.order > 0) core.settle(session, copy)
}

/** True if there was another member, whatever became of the copy there. */
function moveToOtherMember(core: CoreState, copy: Copy, nowMs: number, turn: Turn): boolean {
  const { message, sharedFilter } = copy
  if (sharedFilter === null || message?.isExpired(nowMs) === true) return false
  const group = core.subscriptions.group(sharedFilter) ?? null
  const topicName = message?.topicName ?? onlyTopicName(sharedFilter)
  // Of what is in the store only, and may have any name, it is asked when it is sent: from there it goes on to another member.
  const left = group === null || topicName === null ? group : permittedGroup(group, core.receiving, topicName)
  const member = left?.choose() ?? null
  if (member === null) return false
  // Its Topic Name may be in the store only: what holds for all Topic Names holds here.
  const { whenQueueFull } = message === null ? core.options : core.rules.ruleFor(message.topicName).options
  if (member.qos > 0 && !member.session.outbound.hasRoom(copy.size, core, whenQueueFull)) {
    dropForFullQueue(core, 'droppedQueueFull', member.session, copy.messageSeq, message)
    return true
  }
  if (member.session.survives && member.qos > 0) moveDurably(core, copy, member, nowMs, turn)
  else if (message !== null) {
    const qos = message.publish.qos < member.qos ? message.publish.qos : member.qos
    const { session, subscriptionIdentifiers } = member
    deliverCopy(core, session, message, qos, retainRuleOf(member), subscriptionIdentifiers, sharedFilter, nowMs, turn)
  } else moveUnread(core, copy, member, nowMs, turn)
  return true
}

/** The one Topic Name that matches; null if there are others. */
function onlyTopicName(sharedFilter: string): string | null {
  const filter = unsharedFilter(sharedFilter)
  return filter.includes('+') || filter.includes('#') ? null : filter
}

function moveDurably(core: CoreState, copy: Copy, member: Subscription, nowMs: number, turn: Turn): void {
  const set = sharedSet(core, member)
  const [recipients = 0] = recordSets(core, [set], turn)
  // Without an order it may have a record all the same, if something is owed for it.
  if (copy.order > 0 || core.owed.has(copy.messageSeq)) {
    const order = writeRecord(core, turn, { type: 'copied', message: copy.messageSeq, size: copy.size, recipients })
    if (copy.message !== null) deliverToSet(core, set, copy.message, order, nowMs, turn)
    else enqueueInSet(core, set, copy.messageSeq, order, copy.size, false, nowMs, turn)
    return
  }
  if (copy.message === null) throw new Error('a copy without records has its message in memory')
  // Until now nothing about it had to survive, or no longer.
  const message = new Message(0, copy.message.publish, copy.message.receivedMs)
  message.own()
  const record = { message, recipients: [recipients], retained: 'unchanged', inbound: null, willOf: null } as const
  message.seq = writeRecord(core, turn, { type: 'message', ...record, held: null, replaces: 0, owed: null })
  deliverToSet(core, set, message, message.seq, nowMs, turn)
}

/** The message is in the store only: it is read when the member can take it, and its record kept until then. */
function moveUnread(core: CoreState, copy: Copy, member: Subscription, nowMs: number, turn: Turn): void {
  const { messageSeq, size, sharedFilter } = copy
  core.beginCopy(member.session, messageSeq)
  if (member.qos === 0) {
    core.endCopy('droppedOffline', member.session, messageSeq, null)
    return
  }
  core.live.add(messageSeq, 1)
  const { session, qos, subscriptionIdentifiers } = member
  const retain = retainRuleOf(member)
  const moved = new Copy(null, messageSeq, messageSeq, size, qos, retain, subscriptionIdentifiers, sharedFilter)
  session.outbound.enqueue(moved)
  session.outbound.sendQueued(core, nowMs, turn)
}
