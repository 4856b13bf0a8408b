/**
 * At the end of every input: what has become of copies is written down, and what is owed for them is given.
 *
 * The note about a copy and the record that settles it are in one batch, so that a crash neither loses nor doubles a delivery
 * in a receipt. Nothing of this happens for a message nobody is owed anything for.
 */
import { ReasonCode } from '../../protocol/reason-code.ts'
import { writeRecord } from '../log.ts'
import type { Seq } from '../record.ts'
import { sendReply } from '../routing/reply.ts'
import { type Admission, outcome } from '../routing/router.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { giveHeld } from './acknowledgement.ts'
import type { HeldAcknowledgement, Obligation } from './obligation.ts'
import { receiptPayload } from './receipt.ts'
import { receiptQos } from './receipt-request.ts'
import { fateWord } from './words.ts'

/** How often it is looked whether a client has come back. */
const awayMs = 60_000

export function settleOwed(core: CoreState, nowMs: number, turn: Turn): void {
  const { owed, endings } = core
  // A receipt can push another message out of a queue.
  while (endings.length > 0 || owed.touched.size > 0) {
    const ended = endings.splice(0)
    for (const { messageSeq, session, fate, hasMoved } of ended) {
      const obligation = owed.get(messageSeq)
      if (obligation === undefined) continue
      if (hasMoved) obligation.pending -= 1
      else if (obligation.end(session, fate, nowMs)) owed.touched.add(obligation)
    }
    const touched = [...owed.touched]
    owed.touched.clear()
    for (const obligation of touched) {
      give(core, obligation, nowMs, turn)
      writeNotes(core, obligation, turn)
    }
    for (const { session } of ended) core.writeSettledOf(session, turn)
  }
}

/**
 * An acknowledgement may have waited for long enough. One whose client is away waits for it; one whose client is back and has
 * not sent its PUBLISH again is for nobody any more.
 */
export function remindOwed(core: CoreState, message: Seq, nowMs: number): void {
  const obligation = core.owed.get(message)
  const acknowledgement = obligation?.acknowledgement ?? null
  if (obligation === undefined || acknowledgement === null) return
  core.owed.touched.add(obligation)
  if (acknowledgement.connection?.isClosed === false) return
  if (obligation.requester?.isOnline === true) core.owed.release(obligation)
  else core.deadlines.add({ atMs: nowMs + awayMs, type: 'owed', message })
}

function writeNotes(core: CoreState, obligation: Obligation, turn: Turn): void {
  const { message, fresh, isClosed, isRecorded } = obligation
  if (fresh.length === 0) return
  obligation.fresh = []
  if (isClosed || !isRecorded) return
  core.owed.noteChanged(obligation)
  for (const note of fresh) writeRecord(core, turn, { type: 'noted', message, ...note })
}

function give(core: CoreState, obligation: Obligation, nowMs: number, turn: Turn): void {
  if (obligation.isClosed) return
  const { owed } = core
  const { acknowledgement, fact, message, isRecorded } = obligation
  const answer = acknowledgement === null ? null : answerFor(core, obligation, acknowledgement, nowMs)
  const isDelivered = fact.receiptWants === 'delivered' && obligation.delivered > 0
  const givesReceipt = obligation.owesReceipt && (isDelivered || obligation.isOver)
  const isOver = !(obligation.owesReceipt && !givesReceipt) && (acknowledgement === null || answer !== null)
  const acknowledges = !obligation.acknowledgementWritten && (acknowledgement === null || answer !== null)
  if (isRecorded && (acknowledges || givesReceipt || isOver)) {
    obligation.acknowledgementWritten ||= acknowledges
    writeRecord(core, turn, { type: 'given', message, acknowledgement: acknowledges, receipt: givesReceipt })
    owed.noteChanged(obligation)
  }
  if (answer !== null && acknowledgement !== null) {
    owed.release(obligation)
    owed.touched.delete(obligation)
    giveHeld(core, obligation, acknowledgement, answer, nowMs, turn)
  }
  if (isOver) close(core, obligation)
  if (!givesReceipt) return
  obligation.owesReceipt = false
  owed.counts.receipts += 1
  sendReceipt(core, obligation, nowMs, turn)
}

function close(core: CoreState, obligation: Obligation): void {
  obligation.isClosed = true
  core.owed.remove(obligation)
  if (obligation.isRecorded) core.release(obligation.message, obligation.message)
}

function sendReceipt(core: CoreState, obligation: Obligation, nowMs: number, turn: Turn): void {
  const { fact, correlationData, requester } = obligation
  const properties = { contentType: 'application/json', payloadFormatIndicator: 1 } as const
  const reply = {
    requester: requester?.hasEnded === false ? requester : null,
    topicName: fact.receiptTopicName ?? '',
    payload: receiptPayload(obligation, nowMs),
    qos: receiptQos,
    properties: correlationData === null ? properties : { ...properties, correlationData },
  } as const
  sendReply(core, reply, nowMs, turn)
}

/** Null if the acknowledgement goes on waiting: for subscribers, or for the publisher to come back and ask. */
function answerFor(
  core: CoreState,
  obligation: Obligation,
  { wants, connection, untilMs }: HeldAcknowledgement,
  nowMs: number,
): Admission | null {
  if (connection === null || connection.isClosed) return null
  const success = outcome(ReasonCode.Success, obligation.matched)
  const { counts } = core.owed
  const { delivered, sent, failed, isOver } = obligation
  if (delivered > 0 && (wants === 'first' || isOver)) {
    counts.acknowledgedOnDelivery += 1
    return wants === 'all' && failed > 0 ? { ...success, fate: 'partly-delivered' } : success
  }
  if (isOver) {
    counts.acknowledgedFailed += 1
    if (sent > 0) return { ...success, fate: 'sent' }
    const [fate = 'brokerRestarted'] = obligation.counts.keys()
    const text = `no subscriber has got the message: ${fateWord(fate)}`
    return { ...outcome(ReasonCode.NoMatchingSubscribers, obligation.matched), fate: fateWord(fate), text }
  }
  if (nowMs < untilMs) return null
  counts.acknowledgedQueued += 1
  return { ...success, fate: 'queued' }
}
