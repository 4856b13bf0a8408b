/**
 * What the core is told of connections that are no Network Connections yet: how many there are, and which came to nothing. Those are
 * events like that of any other connection which was not let in.
 */
import { reachLimit } from '../core/limit-reached.ts'
import type { Limits } from '../core/limits.ts'
import { ReasonCode } from '../protocol/reason-code.ts'
import type { Turned } from '../transport/listener-options.ts'
import type { Shell } from './shell.ts'

export interface Threshold {
  limits(): Pick<Limits, 'packetBytesMax' | 'handshakeSecondsMax' | 'handshakesMax'>
  handshakesChanged(by: 1 | -1): void
  turnedAway(remoteAddress: string, turned: Turned): void
}

/** Nobody was sent one: it had not come to MQTT. CONNACK has these for the like. */
const reasonCodes: Readonly<Record<Turned['type'], number>> = {
  untrusted: ReasonCode.NotAuthorized,
  malformed: ReasonCode.MalformedPacket,
  slow: ReasonCode.NotAuthorized,
  crowded: ReasonCode.ServerBusy,
  failed: ReasonCode.UnspecifiedError,
}

/** The limit that let in no more. */
const limits: Readonly<Partial<Record<Turned['type'], keyof Limits>>> = {
  slow: 'handshakeSecondsMax',
  crowded: 'handshakesMax',
}

export function thresholdOf(shell: () => Pick<Shell, 'core' | 'act'>): Threshold {
  return {
    limits: () => shell().core.state.limits,
    handshakesChanged: (by) => {
      shell().core.state.traffic.handshakes += by
    },
    turnedAway: (remoteAddress, { type, reason }) => {
      shell().act(({ state }, _nowMs, turn) => {
        state.traffic.handshakesFailed += 1
        const limit = limits[type]
        turn.events.push({
          type: 'refused',
          clientIdentifier: null,
          remoteAddress,
          reasonCode: reasonCodes[type],
          reason: limit === undefined ? reason : reachLimit(state, limit, reason),
        })
      })
    },
  }
}
