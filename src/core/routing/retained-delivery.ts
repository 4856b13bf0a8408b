/**
 * Sends the Retained Messages of a new Subscription, a slice at a time. MQTT 5.0 section 3.3.1.3.
 *
 * A Subscription to `#` may match a million of them: each slice waits until the client has taken most of the last.
 */
import type { Qos } from '../../protocol/control-packet.ts'
import type { Connection } from '../connection/connection.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { deliverCopy, deliverFurther } from './delivery.ts'
import { isForSys } from './own-watchers.ts'
import type { RetainedMessage } from './retained-message.ts'
import type { Subscription } from './subscription.ts'

const sliceSize = 256
/** How long to wait before looking again at a client that does not take more. */
const retryMs = 10

export class RetainedDelivery {
  readonly subscription: Subscription
  /** As it was when it was asked for: one SUBSCRIBE may name a Topic Filter twice [MQTT-3.8.4-5]. */
  readonly #qos: Qos
  readonly #subscriptionIdentifiers: readonly number[] | null
  readonly #matcher: { next(max: number, found: RetainedMessage[]): boolean }

  constructor(subscription: Subscription, core: CoreState) {
    this.subscription = subscription
    this.#qos = subscription.qos
    this.#subscriptionIdentifiers = subscription.subscriptionIdentifiers
    const { filter } = subscription
    this.#matcher = isForSys(filter) ? core.sys.matcher(filter, core, core.nowMs) : core.retained.matcher(filter)
  }

  /** Sends one slice; false when there is nothing left, or nobody to send it to any more [MQTT-3.10.4-2]. */
  deliverSlice(core: CoreState, session: Session, nowMs: number, turn: Turn): boolean {
    if (!this.subscription.isInForce) return false
    const found: RetainedMessage[] = []
    const hasMore = this.#matcher.next(sliceSize, found)
    const grantedQos = this.#qos
    const subscriptionIdentifiers = this.#subscriptionIdentifiers
    const isDurable = session.survives && grantedQos > 0
    const receipt = { session, qos: grantedQos, retain: 'set', subscriptionIdentifiers, sharedFilter: null } as const
    const set = isDurable && found.length > 0 ? core.recipientSets.of([receipt]) : null
    for (const retained of found) {
      if (retained.isExpired(nowMs)) continue
      const message = retained.toMessage()
      if (core.receiving?.mayReceiveRetained(session, message) === false) continue
      core.recognise(message)
      const qos = message.publish.qos < grantedQos ? message.publish.qos : grantedQos
      if (set !== null && qos > 0) {
        deliverFurther(core, set, message, nowMs, turn)
      } else deliverCopy(core, session, message, qos, 'set', subscriptionIdentifiers, null, nowMs, turn)
    }
    return hasMore
  }
}

/**
 * The first slice leaves behind the SUBACK, at its milestone, if the client takes it; what is left follows in
 * `continueRetained`. A delivery that is still under way for the same Subscription begins anew: there is never more than one
 * for each.
 */
export function beginRetained(
  core: CoreState,
  connection: Connection,
  session: Session,
  delivery: RetainedDelivery,
  nowMs: number,
  turn: Turn,
): void {
  if (connection.retainedDeliveries === null && takesMore(core, connection, session)) {
    if (!delivery.deliverSlice(core, session, nowMs, turn)) return
  }
  connection.retainedDeliveries ??= new Map()
  connection.retainedDeliveries.delete(delivery.subscription)
  connection.retainedDeliveries.set(delivery.subscription, delivery)
  core.retainedDeliveries.add(connection)
}

/** Sends a slice to every client that still takes them. */
export function continueRetained(core: CoreState, nowMs: number, turn: Turn): void {
  for (const connection of core.retainedDeliveries) {
    const { session, retainedDeliveries } = connection
    const [next] = retainedDeliveries ?? []
    if (session === null || retainedDeliveries === null || next === undefined) {
      core.retainedDeliveries.delete(connection)
      continue
    }
    if (!takesMore(core, connection, session)) continue
    const [subscription, delivery] = next
    if (delivery.deliverSlice(core, session, nowMs, turn)) continue
    retainedDeliveries.delete(subscription)
    if (retainedDeliveries.size > 0) continue
    connection.retainedDeliveries = null
    core.retainedDeliveries.delete(connection)
  }
}

/** When `continueRetained` should be called next; Infinity if nothing is left. */
export function retainedDueMs(core: CoreState, nowMs: number): number {
  let dueMs = Number.POSITIVE_INFINITY
  for (const connection of core.retainedDeliveries) {
    if (connection.session !== null && takesMore(core, connection, connection.session)) return nowMs
    dueMs = nowMs + retryMs
  }
  return dueMs
}

function takesMore(core: CoreState, connection: Connection, session: Session): boolean {
  return connection.unsentBytes * 2 < core.limits.unsentBytesMax && session.outbound.queuedMessages < sliceSize
}
