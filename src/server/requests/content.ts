/**
 * What a message says, as it stands in JSON.
 */
import { isUtf8 } from 'node:buffer'
import type { PublishProperties } from '../../protocol/control-packet.ts'
import type { Publish } from '../../protocol/packets/publish.ts'

/** The rest of one message, when it is asked for by its id. */
export interface MessageContent {
  /** As text if it is UTF-8, else in base64; 64 KiB at most. */
  readonly payload: string | { readonly base64: string }
  readonly payloadBytes: number
  /** Not all of the payload is here. */
  readonly payloadTruncated: boolean
  /** Correlation Data as text. */
  readonly properties: Omit<PublishProperties, 'correlationData'> & { readonly correlationData?: string }
}

const contentBytesMax = 64 * 1024

export function contentOf({ payload, properties }: Pick<Publish, 'payload' | 'properties'>): MessageContent {
  const shown = payload.subarray(0, contentBytesMax)
  return {
    payload: isUtf8(payload) ? textOf(shown) : { base64: shown.toString('base64') },
    payloadBytes: payload.length,
    payloadTruncated: shown.length < payload.length,
    properties: withoutBytes(properties),
  }
}

/** A character that the cut went through is left out. */
function textOf(shown: Buffer): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(shown, { stream: true })
}

function withoutBytes({ correlationData, ...properties }: PublishProperties): MessageContent['properties'] {
  if (correlationData === undefined) return properties
  return { ...properties, correlationData: Buffer.from(correlationData).toString() }
}
