/**
 * Decides, when a message comes, whether something will be owed for it, and opens the obligation.
 *
 * Something can only be waited for where somebody who counts as a listener gets a copy he will acknowledge.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import type { Connection } from '../connection/connection.ts'
import { reachLimit } from '../limit-reached.ts'
import type { Message } from '../message.ts'
import type { OwedFact } from '../record.ts'
import { withoutNoLocal } from '../routing/audience.ts'
import type { MessageFate } from '../routing/fate.ts'
import type { Route } from '../routing/route.ts'
import type { Receiver, Subscription } from '../routing/subscription.ts'
import { wantsCounts } from '../session/report-request.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import { Obligation } from './obligation.ts'
import type { ReceiptRequest } from './receipt-request.ts'

/** What a publisher may be owed. */
export interface Claim {
  readonly receipt: ReceiptRequest | null
  /** Where it waits for PUBACK or PUBREC; null if that can not be held back. */
  readonly connection: Connection | null
  /** Told of what will be owed, if it is anything. */
  readonly opened?: (obligation: Obligation) => void
}

/** Of a `Source`. */
interface Publisher {
  readonly session: Session | null
  readonly claim?: Claim
}

/** What will be owed for a message, before it has its seq. */
export interface Owing {
  readonly fact: OwedFact
  /** Sessions whose copies do not count. */
  readonly ignored: ReadonlySet<Session>
  /** Somebody may acknowledge it: it must be written down. */
  readonly waits: boolean
  /** It waits for a listener first. */
  readonly isHeld: boolean
  /** PUBACK or PUBREC is given later. */
  readonly holdsAcknowledgement: boolean
}

/** Whether somebody who counts gets a copy he will acknowledge. */
export function isAwaited(packet: Publish, route: Route, members: readonly Subscription[], publisher: Session | null) {
  if (packet.qos === 0) return false
  for (const { to, counts } of copies(route, members, publisher)) if (counts && to.qos > 0) return true
  return false
}

/** What a client is told that asks for a receipt which cannot be given at once, if no more may be owed; else null. */
export function owedRefusal(
  core: CoreState,
  packet: Publish,
  { session, claim }: Publisher,
  route: Route,
  members: readonly Subscription[],
  isHeld: boolean,
): string | null {
  const limit = claim === undefined || claim.receipt === null ? null : core.owed.fault(session)
  if (limit === null || !(isHeld || isAwaited(packet, route, members, session))) return null
  const whose = limit === 'owedMessagesMax' ? 'in all' : 'to one client'
  return reachLimit(core, limit, `receipts are owed for ${core.limits[limit]} messages ${whose}; wait for some of them`)
}

/** Null if nothing will be owed. `listeners` is 0 for a message that nobody gets, or that is held until somebody does. */
export function owingFor(
  core: CoreState,
  packet: Publish,
  { session: publisher, claim }: Publisher,
  route: Route,
  members: readonly Subscription[],
  listeners: number,
  isHeld: boolean,
): Owing | null {
  if (claim === undefined) return null
  const { acknowledge } = route.rule.options
  const holdsBack = claim.connection !== null && acknowledge !== 'on-receipt' && listeners > 0
  if (claim.receipt === null && !holdsBack) return null
  const waits = isHeld || (listeners > 0 && isAwaited(packet, route, members, publisher))
  const holdsAcknowledgement = holdsBack && waits && mayHold(core, publisher, claim.connection)
  if (claim.receipt === null && !holdsAcknowledgement) return null
  const ignored = observersOf(route, members, publisher)
  const fact: OwedFact = {
    matched: listeners,
    session: publisher?.survives === true ? publisher.number : 0,
    packetId: holdsAcknowledgement ? packet.packetId : 0,
    packetWants: acknowledge === 'on-delivery-to-all' ? 'all' : 'first',
    receiptTopicName: claim.receipt?.topicName ?? null,
    receiptWants: claim.receipt?.wants ?? 'delivered',
    receiptNames: claim.receipt?.names ?? false,
    observers: Array.from(ignored, ({ number }) => number).filter((number) => number > 0),
  }
  return { fact, ignored, waits, isHeld, holdsAcknowledgement }
}

function mayHold({ owed }: CoreState, publisher: Session | null, connection: Connection | null): boolean {
  return connection !== null && owed.mayHold(connection) && owed.fault(publisher) === null
}

/** After the message has its seq and before the first copy is made. */
export function openObligation(
  core: CoreState,
  message: Message,
  owing: Owing,
  { session: publisher, claim }: Publisher,
): Obligation {
  const { fact, ignored, waits, holdsAcknowledgement } = owing
  const { owed } = core
  const obligation = new Obligation(message, fact, publisher, waits)
  obligation.ignored = ignored
  obligation.isHeld = owing.isHeld
  claim?.opened?.(obligation)
  owed.add(obligation)
  if (!waits) return obligation
  core.live.add(message.seq, 1)
  owed.noteChanged(obligation)
  const { packetId, qos } = message.publish
  if (!holdsAcknowledgement || publisher === null || qos === 0) return obligation
  const connection = claim?.connection ?? null
  const untilMs = message.receivedMs + acknowledgeMsMax(core, message.topicName)
  const asked = wantsCounts(message.publish)
  owed.hold(obligation, publisher, { qos, packetId, wants: fact.packetWants, untilMs, wantsCounts: asked, connection })
  core.deadlines.add({ atMs: untilMs, type: 'owed', message: message.seq })
  return obligation
}

export function acknowledgeMsMax(core: CoreState, topicName: string): number {
  return core.rules.ruleFor(topicName).options.acknowledgeSecondsMax * 1000
}

/**
 * After the copies are made: what is decided by then waits for nothing, and the seq, which may be 0, is not remembered.
 * `before` is how many endings there were before the first copy.
 */
export function closeAtOnce(core: CoreState, obligation: Obligation, fate: MessageFate, before: number): void {
  const { owed, endings } = core
  obligation.fate = fate
  owed.touched.add(obligation)
  if (obligation.isRecorded) return
  owed.remove(obligation)
  for (const ending of endings.splice(before)) obligation.end(ending.session, ending.fate, obligation.receivedMs)
}

/** Every copy the message will have, and whether it is for somebody who counts as a listener. */
function* copies(
  route: Route,
  members: readonly Subscription[],
  publisher: Session | null,
): Generator<{ to: Receiver; counts: boolean }> {
  for (const receiver of route.receivers) {
    const to = receiver.noLocal && receiver.session === publisher ? withoutNoLocal(receiver) : receiver
    if (to !== null) yield { to, counts: !to.isObserver }
  }
  for (const member of members) {
    const counts = member.group?.members.some(({ isObserver }) => !isObserver) === true
    yield { to: member, counts }
  }
}

const nobody: ReadonlySet<Session> = new Set()

/** Sessions all of whose copies are for observers. */
function observersOf(route: Route, members: readonly Subscription[], publisher: Session | null): ReadonlySet<Session> {
  const observers = new Set<Session>()
  const listeners = new Set<Session>()
  for (const { to, counts } of copies(route, members, publisher)) (counts ? listeners : observers).add(to.session)
  if (observers.size === 0) return nobody
  for (const session of listeners) observers.delete(session)
  return observers
}
