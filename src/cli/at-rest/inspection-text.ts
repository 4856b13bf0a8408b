/**
 * An inspection as text for a terminal.
 */
import type { Inspection } from '../../server/at-rest/inspection.ts'
import type { SessionReport } from '../../server/at-rest/session-report.ts'
import { count, counted } from '../../server/counted.ts'
import { bytes, table, time, visible } from '../terminal-text.ts'

const sessionsShown = 40

export function inspectionText(inspection: Inspection): string {
  const { sessions, pins } = inspection
  const parts = [overview(inspection)]
  if (sessions.length > 0) parts.push(sessionTable(sessions.slice(0, sessionsShown)))
  if (sessions.length > sessionsShown) {
    parts.push(
      `and ${counted(sessions.length - sessionsShown, 'more Session')} with less waiting; --json shows all of them`,
    )
  }
  if (pins.length > 0) parts.push(`What keeps the log from being trimmed, the oldest first:\n\n${pinTable(inspection)}`)
  return `${parts.join('\n\n')}\n`
}

function overview({ directory, formatVersion, file, log, snapshots, recipientSets, ...rest }: Inspection): string {
  const { retained, held, waiting, inFlight, sessions } = rest
  return table(
    ['Data', directory],
    [
      ['Format', `version ${formatVersion}`],
      ['File', `${bytes(file.bytes)}, ${bytes(file.walBytes)} written ahead, ${bytes(file.freeBytes)} of it free`],
      ['Disk', `${bytes(file.fileSystemFreeBytes)} free`],
      [
        'Log',
        `${counted(log.records, 'record')} in ${counted(log.blocks, 'block')}, ${bytes(log.bytes)}; ` +
          `${count(log.liveRecords)} still needed; the last has number ${count(log.lastSeq)}`,
      ],
      ['Snapshots', `${count(snapshots.count)}, ${bytes(snapshots.bytes)}`],
      ['Recipients', counted(recipientSets, 'set')],
      ['Retained', `${counted(retained.messages, 'message')}, ${bytes(retained.bytes)}`],
      ['Held', `${counted(held.messages, 'message')}, ${bytes(held.bytes)}`],
      [
        'Waiting',
        `${counted(waiting.messages, 'message')}, ${bytes(waiting.bytes)}, in ${count(waiting.sessions)} of ` +
          `${counted(sessions.length, 'Session')}; ${count(inFlight.messages)} in flight`,
      ],
    ],
  )
}

function sessionTable(sessions: readonly SessionReport[]): string {
  return table(
    ['CLIENT', 'ACCOUNT', 'CLIENT IS', 'ENDS', ' SUBSCRIPTIONS', ' WAITING', ' BYTES', 'OLDEST', ' IN FLIGHT'],
    sessions.map((session) => [
      visible(session.clientIdentifier),
      accountOf(session),
      session.wasConnected ? 'connected' : 'away',
      endOf(session),
      count(session.subscriptions.length),
      count(session.waiting.messages),
      bytes(session.waiting.bytes),
      timeOr(session.oldest?.receivedMs ?? null),
      count(session.inFlight.length),
    ]),
  )
}

function pinTable({ pins }: Inspection): string {
  return table(
    ['CLIENT', 'ACCOUNT', ' OLDEST RECORD', 'FROM', ' MESSAGES', ' BYTES', ' OF IT FOR NOBODY ELSE'],
    pins.map((pin) => [
      visible(pin.clientIdentifier),
      accountOf(pin),
      count(pin.oldestSeq),
      timeOr(pin.oldestMs),
      count(pin.messages),
      bytes(pin.bytes),
      bytes(pin.bytesOfItsOwn),
    ]),
  )
}

function accountOf({ account }: { readonly account: string }): string {
  return account === '' ? '-' : visible(account)
}

function endOf({ endsAtMs, expirySeconds, wasConnected }: SessionReport): string {
  if (endsAtMs !== null) return time(endsAtMs)
  if (expirySeconds === null) return 'never'
  return wasConnected ? `${count(expirySeconds)} s after it leaves` : 'never'
}

function timeOr(atMs: number | null): string {
  return atMs === null ? '-' : time(atMs)
}

/** What `--session` shows. `next` are the messages next in turn. */
export function sessionText(session: SessionReport, next: readonly (readonly string[])[]): string {
  const { will, subscriptions, waiting, inFlight, inboundPacketIds, createdMs } = session
  const parts = [
    table(
      ['Client', visible(session.clientIdentifier)],
      [
        ['Account', accountOf(session)],
        ['Client is', session.wasConnected ? 'connected' : 'away'],
        ['Since', time(createdMs)],
        ['Ends', endOf(session)],
        [
          'Will',
          will === null ? '-' : `to ${visible(will.topicName)}${will.atMs === null ? '' : ` at ${time(will.atMs)}`}`,
        ],
        ['Waiting', `${counted(waiting.messages, 'message')}, ${bytes(waiting.bytes)}`],
        ['In flight', counted(inFlight.length, 'message')],
        ['QoS 2 in', inboundPacketIds.length === 0 ? '-' : `${inboundPacketIds.join(', ')} wait for PUBREL`],
      ],
    ),
  ]
  if (subscriptions.length > 0) {
    parts.push(
      table(
        ['SUBSCRIBED TO', ' QOS'],
        subscriptions.map(({ topicFilter, qos }) => [visible(topicFilter), `${qos}`]),
      ),
    )
  }
  if (inFlight.length > 0) {
    const rows = inFlight.map(({ packetId, qos, seq, bytes: size, isReceived }) => {
      return [
        `${packetId}`,
        `${qos}`,
        count(seq),
        bytes(size),
        isReceived ? 'PUBCOMP' : qos === 2 ? 'PUBREC' : 'PUBACK',
      ]
    })
    parts.push(table([' IN FLIGHT AS', ' QOS', ' RECORD', ' BYTES', 'WAITS FOR'], rows))
  }
  if (next.length > 0) {
    parts.push(table([' NEXT: RECORD', 'FROM', 'TOPIC NAME', ' QOS', ' BYTES'], next))
    if (waiting.messages > next.length) parts.push(`and ${count(waiting.messages - next.length)} more`)
  }
  return `${parts.join('\n\n')}\n`
}
