/**
 * A connection that was closed before it was a Network Connection, as an event like that of any other which was not let in.
 */
import type { RefusedEvent } from '../core/event.ts'
import { ReasonCode } from '../protocol/reason-code.ts'
import type { Turned } from '../transport/listener-options.ts'

/** Nobody was sent one: it had not come to MQTT. CONNACK has these for the like. */
const reasonCodes: Readonly<Record<Turned['type'], number>> = {
  untrusted: ReasonCode.NotAuthorized,
  malformed: ReasonCode.MalformedPacket,
  slow: ReasonCode.NotAuthorized,
  crowded: ReasonCode.ServerBusy,
  failed: ReasonCode.UnspecifiedError,
}

export function turnedAway(remoteAddress: string, { type, reason }: Turned): RefusedEvent {
  return { type: 'refused', clientIdentifier: null, remoteAddress, reasonCode: reasonCodes[type], reason }
}
