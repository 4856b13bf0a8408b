/**
 * The values below `$SYS/broker`, under the names that mosquitto 2.0 gives them, and a few of our own at the end.
 */
import type { CoreState } from '../state.ts'
import type { LoadAverage } from './load-average.ts'

/** What the host knows of itself. */
export interface About {
  readonly version: string
  /** Bytes of the heap that are in use. */
  readonly heapBytes: () => number
}

export const nowhere: About = Object.freeze({ version: '', heapBytes: () => 0 })

/** What there is a load average of, and the counter it is made from. */
export const loads: readonly (readonly [name: string, total: (core: CoreState) => number])[] = Object.freeze([
  ['messages/received', ({ traffic }) => traffic.packetsReceived],
  ['messages/sent', ({ traffic }) => traffic.packetsSent],
  ['publish/received', ({ traffic }) => traffic.publishReceived],
  ['publish/sent', ({ traffic }) => traffic.publishSent],
  ['publish/dropped', droppedPublishes],
  ['bytes/received', ({ traffic }) => traffic.bytesReceived],
  ['bytes/sent', ({ traffic }) => traffic.bytesSent],
  ['sockets', ({ traffic }) => traffic.socketsOpened],
  ['connections', ({ traffic }) => traffic.clientsAccepted],
] satisfies [string, (core: CoreState) => number][])

const spanNames = ['1min', '5min', '15min']

/** Calls `tell` with every value, behind `$SYS/broker/`, in words. */
export function sysValues(
  core: CoreState,
  version: string,
  uptimeMs: number,
  heapBytes: { readonly current: number; readonly maximum: number },
  averages: readonly LoadAverage[],
  tell: (name: string, value: string) => void,
): void {
  const { traffic, subscriptions, retained, tally, live, owed } = core
  const connected = traffic.clientsConnected
  const away = core.sessions.size - connected - traffic.localConnected
  const counts: readonly (readonly [name: string, value: number])[] = [
    ['clients/total', connected + away],
    ['clients/connected', connected],
    ['clients/disconnected', away],
    ['clients/active', connected],
    ['clients/inactive', away],
    ['clients/maximum', traffic.clientsConnectedMax],
    ['clients/expired', traffic.sessionsExpired],
    ['messages/received', traffic.packetsReceived],
    ['messages/sent', traffic.packetsSent],
    ['messages/stored', live.count],
    ['store/messages/count', live.count],
    ['store/messages/bytes', retained.bytes + core.bodies.bytes],
    ['publish/messages/received', traffic.publishReceived],
    ['publish/messages/sent', traffic.publishSent],
    ['publish/messages/dropped', droppedPublishes(core)],
    ['publish/bytes/received', traffic.publishBytesReceived],
    ['publish/bytes/sent', traffic.publishBytesSent],
    ['bytes/received', traffic.bytesReceived],
    ['bytes/sent', traffic.bytesSent],
    ['connections/socket/count', traffic.socketsOpened],
    ['packet/out/bytes', unsentBytes(core)],
    ['retained messages/count', retained.count],
    ['subscriptions/count', subscriptions.count],
    ['shared_subscriptions/count', subscriptions.sharedCount],
    ['heap/current', heapBytes.current],
    ['heap/maximum', heapBytes.maximum],
    ['undelivered/unmatched/count', tally.messages.unmatched],
    ['undelivered/held/count', tally.messages.held],
    ['undelivered/dead/count', tally.messages.deadLettered],
    ['undelivered/rejected/count', tally.messages.refused],
    ['owed/count', owed.size],
    ['owed/receipts', owed.counts.receipts],
    ['owed/acknowledged/delivered', owed.counts.acknowledgedOnDelivery],
    ['owed/acknowledged/queued', owed.counts.acknowledgedQueued],
    ['owed/acknowledged/failed', owed.counts.acknowledgedFailed],
  ]
  tell('version', `pabal version ${version}`)
  tell('uptime', `${Math.floor(uptimeMs / 1000)} seconds`)
  for (const [name, value] of counts) tell(name, String(value))
  for (const [index, [name]] of loads.entries()) {
    for (const [span, text] of averages[index]?.texts.entries() ?? []) tell(`load/${name}/${spanNames[span]}`, text)
  }
}

/** What clients have not taken yet. */
function unsentBytes({ connections }: CoreState): number {
  let bytes = 0
  for (const connection of connections) bytes += connection.unsentBytes
  return bytes
}

/** Copies that clients went without, and messages there was no room to hold. */
function droppedPublishes({ tally }: CoreState): number {
  const { droppedTooLarge, droppedOffline, droppedSlow, droppedQueueFull, droppedByOperator, accessRevoked } =
    tally.copies
  const { messages } = tally
  const copies = droppedTooLarge + droppedOffline + droppedSlow + droppedQueueFull + droppedByOperator + accessRevoked
  return copies + messages.droppedHoldFull + messages.droppedByOperator
}
