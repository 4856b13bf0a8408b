/**
 * The place in a trace that a message comes from, as its publisher says it in the User Properties `traceparent` and `tracestate`.
 * W3C Trace Context, level 1; its draft for MQTT names the properties.
 *
 * What is against the form is ignored, as the standard wants it: a message is never refused for it.
 */
import type { UserProperties } from '../../protocol/control-packet.ts'

export interface TraceParent {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
  /** As it was sent; null for none. */
  readonly traceState: string | null
}

/** What a later version adds stands behind another hyphen. */
const form = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/
const charactersMax = 512

/** Null where there is none, more than one, or one that is none. */
export function readTraceParent(userProperties: UserProperties): TraceParent | null {
  let found: string | null = null
  const states: string[] = []
  for (const [name, value] of userProperties) {
    if (name === 'tracestate') states.push(value)
    if (name !== 'traceparent') continue
    if (found !== null) return null
    found = value
  }
  if (found === null || found.length > charactersMax) return null
  const [, version, traceId = '', spanId = '', flags = '', further] = form.exec(found) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && further !== undefined)) return null
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  const isSampled = (Number.parseInt(flags, 16) & 1) === 1
  return { traceId, spanId, isSampled, traceState: states.length === 0 ? null : states.join(',') }
}
