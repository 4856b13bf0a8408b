/**
 * How the broker is doing, at a glance: counters that exist anyway, and what an operator should be warned of.
 */

import { ledger } from '../core/query/ledger.ts'
import type { CoreState } from '../core/state.ts'
import type { BrokerAccess } from '../server/admin-part.ts'
import type { Overview, Warning } from './api-types.ts'
import type { Gauges } from './gauges.ts'

export async function overviewOf(broker: BrokerAccess, gauges: Gauges): Promise<Overview> {
  const { state, store, latencies } = broker
  const { traffic, subscriptions, retained, topics, underWay, owed } = state
  const nowMs = performance.now()
  const { histogram } = gauges.eventLoop
  const delay = histogram.quantiles(nowMs)
  const freeBytes = await gauges.freeBytes(broker)
  const memory = { ...gauges.memory(), ...queueMemory(state) }
  const { messages, copies } = ledger(state)
  const ledgerAddsUp = messages.addsUp && copies.addsUp
  return {
    atMs: broker.nowMs(),
    version: broker.version,
    node: process.version.slice(1),
    startedAtMs: broker.startedAtMs,
    connections: traffic.clientsConnected,
    connectionsMax: traffic.clientsConnectedMax,
    sessions: sessionsOf(state),
    subscriptions: subscriptions.count,
    sharedSubscriptions: subscriptions.sharedCount,
    retained: { messages: retained.count, bytes: retained.bytes },
    topics: { seen: topics.size, forgotten: topics.forgotten, seenMax: topics.max },
    traffic: {
      publishReceived: traffic.publishReceived,
      publishSent: traffic.publishSent,
      publishBytesReceived: traffic.publishBytesReceived,
      publishBytesSent: traffic.publishBytesSent,
      packetsReceived: traffic.packetsReceived,
      packetsSent: traffic.packetsSent,
      bytesReceived: traffic.bytesReceived,
      bytesSent: traffic.bytesSent,
    },
    rates: gauges.rates.answer,
    undelivered: undeliveredOf(state),
    copies: { inFlight: underWay.inFlight, queued: underWay.queued, delivery: latencies.delivery.quantiles(nowMs) },
    owed: owed.size,
    ledgerAddsUp,
    memory,
    eventLoop: {
      p50Seconds: delay.p50Seconds ?? 0,
      p99Seconds: delay.p99Seconds ?? 0,
      maxSeconds: histogram.recentMaxSeconds(nowMs),
    },
    store: {
      isDurable: store.isDurable,
      takesMessages: state.storeTakesMessages,
      freeBytes,
      append: latencies.append.quantiles(nowMs),
      acknowledge: latencies.acknowledge.quantiles(nowMs),
    },
    warnings: warningsOf(broker, memory, ledgerAddsUp),
  }
}

/** Code in this process that is in like a client is not among them. */
export function sessionsOf({ sessions, traffic }: CoreState): { readonly online: number; readonly offline: number } {
  const { clientsConnected, localConnected } = traffic
  return { online: clientsConnected, offline: sessions.size - clientsConnected - localConnected }
}

function queueMemory({ bodies, options, limits }: CoreState) {
  return { queueBytes: bodies.bytes, queueBytesMax: options.isDurable ? limits.queueMemoryBytesMax : null }
}

/** Messages of the broker itself, receipts for example, are not among them. */
function undeliveredOf({ held, tally, rules: { own } }: CoreState): Overview['undelivered'] {
  const { messages, copies } = tally
  return {
    held: held.counts('held'),
    dead: held.counts('dead'),
    unmatched: messages.unmatched - own.messages.unmatched,
    refused: messages.refused - own.messages.refused,
    expired: messages.expired,
    deadLettered: messages.deadLettered + copies.deadLettered,
    dropped: {
      holdFull: messages.droppedHoldFull,
      byOperator: messages.droppedByOperator + copies.droppedByOperator,
      queueFull: copies.droppedQueueFull,
      tooLarge: copies.droppedTooLarge,
      offline: copies.droppedOffline,
      slow: copies.droppedSlow,
      expired: copies.expired,
      sessionEnded: copies.sessionEnded,
      accessRevoked: copies.accessRevoked,
    },
  }
}

/** Of what a limit allows: above it an operator is warned. */
const nearlyFull = 0.8

function warningsOf(
  { state }: BrokerAccess,
  { heapBytes, heapBytesMax }: Overview['memory'],
  ledgerAddsUp: boolean,
): Warning[] {
  const { limits, held, retained, traffic } = state
  const warnings: Warning[] = []
  const warn = (code: string, text: string, advice: string): void => void warnings.push({ code, text, advice })
  if (!state.storeTakesMessages) {
    const advice = 'make room on the file system with the data; the broker goes on by itself'
    warn('store-refuses', 'The store takes no more messages: those that need it are refused.', advice)
  }
  if (!ledgerAddsUp) {
    warn(
      'ledger',
      'The ledger does not add up: this is a mistake of the broker.',
      'please report it, with GET /api/v1/ledger',
    )
  }
  const near = (code: string, what: string, value: number, name: keyof typeof limits): void => {
    const max = limits[name]
    if (value < max * nearlyFull || max === 0) return
    warn(code, `${what}: ${value} of ${max}.`, `raise the limit ${name}, or find out where they come from`)
  }
  near('connections', 'Clients that are connected', traffic.clientsConnected, 'connectionsMax')
  near('held', 'Messages that are held', held.count, 'heldMessagesMax')
  near('held-bytes', 'Bytes that are held', held.bytes, 'heldBytesMax')
  near('retained', 'Retained Messages', retained.count, 'retainedMessagesMax')
  if (heapBytes > heapBytesMax * nearlyFull) {
    const advice = 'give Node more with --max-old-space-size, or lower the limits of queues'
    warn('memory', `The heap has ${heapBytes} of ${heapBytesMax} bytes.`, advice)
  }
  return warnings
}
