/**
 * The metrics of a broker, read from counters that exist anyway. No Client Identifier and no Topic Name is ever a label: there
 * would be as many series as clients. The Topic Filters of rules are, because somebody has written each of them.
 */
import { Registry } from 'prom-client'
import type { CoreState } from '../core/state.ts'
import type { LatencyHistogram } from './latency-histogram.ts'
import { each, histogramSamples, type MetricDefinition, one, register } from './metric.ts'
import { ruleMetrics } from './rule-metrics.ts'

/** What is measured, and where it is read. */
export interface Measured {
  readonly state: CoreState
  readonly version: string
  readonly nodeVersion: string
  readonly startedAtMs: number
  readonly append: LatencyHistogram
  readonly acknowledge: LatencyHistogram
  readonly delivery: LatencyHistogram
  readonly eventLoop: LatencyHistogram
  readonly process: { readonly rssBytes: number; readonly heapBytes: number; readonly cpuSeconds: number }
  /** Of the file system with the data; null where nothing is stored. */
  readonly freeBytes: number | null
  readonly ledgerAddsUp: boolean
}

export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE

/** The text that Prometheus reads. */
export function metricsText(measured: Measured): Promise<string> {
  const registry = new Registry()
  for (const metric of metricsOf(measured)) register(registry, metric)
  return registry.metrics()
}

function metricsOf(measured: Measured): MetricDefinition[] {
  return [
    ...processMetrics(measured),
    ...trafficMetrics(measured),
    ...clientMetrics(measured),
    ...messageMetrics(measured),
    ...ruleMetrics(measured.state),
    ...latencyMetrics(measured),
  ]
}

function counter(name: string, help: string, collect: MetricDefinition['collect']): MetricDefinition {
  return { name, help, type: 'counter', collect }
}

function gauge(name: string, help: string, collect: MetricDefinition['collect']): MetricDefinition {
  return { name, help, type: 'gauge', collect }
}

function processMetrics({ version, nodeVersion, startedAtMs, process }: Measured): MetricDefinition[] {
  return [
    gauge('pabal_build_info', 'What is running; the value is 1', () => [
      { value: 1, labels: { version, node: nodeVersion } },
    ]),
    gauge('pabal_start_time_seconds', 'When the broker was started, in seconds since 1970', () =>
      one(startedAtMs / 1000),
    ),
    gauge('process_resident_memory_bytes', 'Memory of the process', () => one(process.rssBytes)),
    gauge('pabal_heap_bytes', 'Memory of the JavaScript heap that is in use', () => one(process.heapBytes)),
    counter('process_cpu_seconds_total', 'Time of processors that the process has used', () => one(process.cpuSeconds)),
  ]
}

function trafficMetrics({ state: { traffic } }: Measured): MetricDefinition[] {
  const [atMostOnce, atLeastOnce, exactlyOnce] = traffic.publishReceivedByQos
  return [
    counter('pabal_messages_received_total', 'PUBLISH packets from clients, repeated ones included', () => [
      { value: atMostOnce, labels: { qos: '0' } },
      { value: atLeastOnce, labels: { qos: '1' } },
      { value: exactlyOnce, labels: { qos: '2' } },
    ]),
    counter('pabal_messages_sent_total', 'PUBLISH packets to clients, repeated ones included', () =>
      one(traffic.publishSent),
    ),
    counter('pabal_payload_received_bytes_total', 'Bytes of payloads from clients', () =>
      one(traffic.publishBytesReceived),
    ),
    counter('pabal_payload_sent_bytes_total', 'Bytes of payloads to clients', () => one(traffic.publishBytesSent)),
    counter('pabal_packets_received_total', 'MQTT packets from clients', () => one(traffic.packetsReceived)),
    counter('pabal_packets_sent_total', 'MQTT packets to clients', () => one(traffic.packetsSent)),
    counter('pabal_received_bytes_total', 'Bytes from clients', () => one(traffic.bytesReceived)),
    counter('pabal_sent_bytes_total', 'Bytes to clients', () => one(traffic.bytesSent)),
  ]
}

function clientMetrics({ state }: Measured): MetricDefinition[] {
  const { traffic, sessions, subscriptions } = state
  const { clientsConnected, localConnected } = traffic
  return [
    gauge('pabal_connections', 'Clients that are connected', () => one(clientsConnected)),
    gauge('pabal_connections_max', 'The most that were connected at one time', () => one(traffic.clientsConnectedMax)),
    counter('pabal_connections_opened_total', 'Network Connections that were opened', () => one(traffic.socketsOpened)),
    gauge('pabal_handshakes', 'Connections whose PROXY header, TLS or WebSocket handshake is still to come', () =>
      one(traffic.handshakes),
    ),
    counter('pabal_handshakes_failed_total', 'Connections that were closed before these were done', () =>
      one(traffic.handshakesFailed),
    ),
    counter('pabal_connections_accepted_total', 'Clients that were let in', () => one(traffic.clientsAccepted)),
    counter('pabal_connections_refused_total', 'Connections that ended before their client was let in, by why', () =>
      each('reason', traffic.clientsRefused),
    ),
    counter('pabal_limit_reached_total', 'What was refused because of a limit, by the limit', () =>
      each('limit', state.reachedLimits),
    ),
    gauge('pabal_sessions', 'Sessions', () =>
      each('state', { online: clientsConnected, offline: sessions.size - clientsConnected - localConnected }),
    ),
    counter('pabal_sessions_expired_total', 'Sessions whose client stayed away too long', () =>
      one(traffic.sessionsExpired),
    ),
    gauge('pabal_subscriptions', 'Subscriptions', () => one(subscriptions.count)),
    gauge('pabal_subscriptions_shared', 'Those of shared groups among them', () => one(subscriptions.sharedCount)),
  ]
}

function messageMetrics({ state, freeBytes, ledgerAddsUp }: Measured): MetricDefinition[] {
  const { retained, held, underWay, owed, topics, tally, bodies } = state
  const { droppedTooLarge, droppedOffline, droppedSlow, droppedQueueFull, expired, sessionEnded } = tally.copies
  const dropped = {
    queueFull: droppedQueueFull,
    tooLarge: droppedTooLarge,
    offline: droppedOffline,
    slow: droppedSlow,
    expired,
    sessionEnded,
    deadLettered: tally.copies.deadLettered,
    refusedByClient: tally.copies.refusedByClient,
    byOperator: tally.copies.droppedByOperator,
    accessRevoked: tally.copies.accessRevoked,
  }
  return [
    gauge('pabal_messages_held', 'Messages that wait for a listener', () => one(held.counts('held').messages)),
    gauge('pabal_messages_held_bytes', 'Bytes of them', () => one(held.counts('held').bytes)),
    gauge('pabal_dead_letters', 'Dead letters that wait for a listener', () => one(held.counts('dead').messages)),
    gauge('pabal_dead_letters_bytes', 'Bytes of them', () => one(held.counts('dead').bytes)),
    counter('pabal_copies_created_total', 'Copies of messages, one for each client that gets one', () =>
      one(tally.created),
    ),
    counter('pabal_copies_total', 'Copies that have ended, by their fate', () => each('fate', tally.copies)),
    counter('pabal_delivery_dropped_total', 'Copies that their client went without', () => each('reason', dropped)),
    gauge('pabal_copies_in_flight', 'Copies sent and not acknowledged', () => one(underWay.inFlight)),
    gauge('pabal_queue_messages', 'Copies that wait to be sent', () => one(underWay.queued)),
    gauge('pabal_queue_memory_bytes', 'Bytes of messages that wait and are in memory', () => one(bodies.bytes)),
    gauge('pabal_retained_messages', 'Retained Messages', () => one(retained.count)),
    gauge('pabal_retained_bytes', 'Bytes of them', () => one(retained.bytes)),
    gauge('pabal_owed_messages', 'Messages a receipt or an acknowledgement is owed for', () => one(owed.size)),
    counter('pabal_receipts_total', 'Receipts that were given', () => one(owed.counts.receipts)),
    gauge('pabal_topics_seen', 'Topic Names published to lately that are kept count of', () => one(topics.size)),
    gauge('pabal_store_takes_messages', '1 while the store takes messages, 0 while it refuses', () =>
      one(state.storeTakesMessages ? 1 : 0),
    ),
    gauge(
      'pabal_memory_is_short',
      '1 while the process takes more memory than it may and refuses messages, else 0',
      () => one(state.memoryIsShort ? 1 : 0),
    ),
    gauge('pabal_store_free_bytes', 'Room on the file system with the data', () =>
      freeBytes === null ? [] : one(freeBytes),
    ),
    gauge('pabal_ledger_adds_up', '1 while every message and copy is accounted for', () => one(ledgerAddsUp ? 1 : 0)),
  ]
}

function latencyMetrics({ append, acknowledge, delivery, eventLoop }: Measured): MetricDefinition[] {
  const histogram = (name: string, help: string, measured: LatencyHistogram): MetricDefinition => ({
    name,
    help,
    type: 'histogram',
    collect: () => histogramSamples(name, measured),
  })
  return [
    histogram('pabal_fsync_seconds', 'From a batch of records handed to the store until it is durable', append),
    histogram(
      'pabal_publish_ack_seconds',
      'How long what waits for a batch has waited, acknowledgements above all; each counts with the longest of its batch',
      acknowledge,
    ),
    histogram(
      'pabal_delivery_seconds',
      'From a message that comes in until a subscriber acknowledges its copy at QoS 1 or 2; of a sample of the messages',
      delivery,
    ),
    histogram('pabal_eventloop_lag_seconds', 'How late the event loop comes to what is due', eventLoop),
  ]
}
