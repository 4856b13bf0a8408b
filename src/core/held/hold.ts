/**
 * How a message comes to be held, and how it ends without a listener: it expires, or an operator gives it up.
 *
 * While it is held its record is kept. What ends the hold is a record, too: `drained` if it went into a Session, a `message`
 * that takes its place, else `unheld`.
 */
import { writeRecord } from '../log.ts'
import type { Message } from '../message.ts'
import type { HeldFact, Seq } from '../record.ts'
import { type MessageFate, type NotedMessage, noteFate } from '../routing/fate.ts'
import type { TopicRule } from '../routing/topic-rule.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import type { HeldMessage } from './held-messages.ts'

/** A message that has its record is held from now on. */
export function hold(core: CoreState, message: Message, fact: HeldFact, rule: TopicRule): void {
  core.live.add(message.seq, 1)
  core.bodies.keep(message)
  core.bodies.makeRoom()
  addHeld(core, message, fact, rule)
}

/** The same when a restart has found it; its fate was counted before. */
export function restoreHeld(core: CoreState, message: Message, fact: HeldFact): void {
  const rule = core.rules.ruleFor(message.topicName)
  core.live.add(message.seq, 1)
  core.tally.restored += 1
  rule.restored += 1
  core.tally.messages.held += 1
  rule.messages.held += 1
  addHeld(core, message, fact, rule)
}

/** A restart has read that a message it had found is held no more. */
export function forgetHeld(core: CoreState, message: HeldMessage): void {
  const { rule } = message
  core.held.remove(message)
  core.tally.restored -= 1
  rule.restored -= 1
  core.tally.messages.held -= 1
  rule.messages.held -= 1
  core.release(message.seq, message.seq)
}

function addHeld(core: CoreState, message: Message, fact: HeldFact, rule: TopicRule): void {
  const { seq, topicName, publish, size, receivedMs } = message
  const expiresMs = heldUntilMs(message, fact, rule)
  core.held.add({ seq, topicName, qos: publish.qos, size, heldMs: receivedMs, expiresMs, fact, rule })
  if (expiresMs !== Number.POSITIVE_INFINITY) core.deadlines.add({ atMs: expiresMs, type: 'held', seq })
}

/** Dead letters wait until somebody has looked at them. */
function heldUntilMs(message: Message, { reason }: HeldFact, { options }: TopicRule): number {
  const { heldSecondsMax } = options
  if (reason === 'dead' || heldSecondsMax === 0) return message.expiresMs
  return Math.min(message.expiresMs, message.receivedMs + heldSecondsMax * 1000)
}

/** Its time may be over. */
export function remindHeld(core: CoreState, seq: Seq, nowMs: number, turn: Turn): void {
  const message = core.held.get(seq)
  if (message !== undefined && message.expiresMs <= nowMs) giveUp(core, [message], 'expired', turn)
}

/** Messages end without having reached anybody. */
export function giveUp(
  core: CoreState,
  messages: readonly HeldMessage[],
  fate: 'expired' | 'droppedByOperator',
  turn: Turn,
): void {
  if (messages.length === 0) return
  writeRecord(core, turn, { type: 'unheld', messages: messages.map(({ seq }) => seq) })
  for (const message of messages) endHold(core, message, fate)
}

/** The message is held no more; the record that says so has been written. */
export function endHold(core: CoreState, message: HeldMessage, fate: Exclude<MessageFate, 'held'>): void {
  const { seq, rule } = message
  core.held.remove(message)
  core.tally.messages.held -= 1
  rule.messages.held -= 1
  noteFate(core, rule, fate, notedOf(core, message, fate), core.nowMs)
  core.owed.endHold(seq, fate)
  core.release(seq, seq)
}

function notedOf(core: CoreState, held: HeldMessage, fate: MessageFate): NotedMessage {
  const { seq, topicName, qos, size, heldMs, fact } = held
  const publisher = fact.clientIdentifier === '' ? null : fact
  // Of a copy at QoS 0 the log has told already, in the entry of the hold.
  const matched = fate === 'routed' && qos > 0 ? 1 : 0
  const after = `after ${Math.max(0, Math.round((core.nowMs - heldMs) / 1000))} s`
  const reason = fate === 'droppedByOperator' ? `an operator gave it up ${after}` : after
  const message = core.bodies.get(seq) ?? null
  const publish = message?.publish ?? null
  return { topicName, qos, retain: false, size, seq, message, publish, publisher, matched, reason }
}
