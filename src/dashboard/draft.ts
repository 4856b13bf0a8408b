/**
 * A message that is being written: every field as it stands in the form, made what the API takes when it is sent.
 */
import type { Publish } from '../admin/api-types.ts'

export interface Draft {
  readonly topic: string
  readonly payload: string
  readonly encoding: 'plain' | 'base64'
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly receipt: boolean
  readonly contentType: string
  /** Seconds; empty for never. */
  readonly expires: string
  readonly isText: boolean
  readonly responseTopic: string
  readonly correlation: string
  readonly userProperties: readonly UserProperty[]
}

export interface UserProperty {
  readonly name: string
  readonly value: string
}

export function emptyDraft(topic: string): Draft {
  return {
    topic,
    payload: '',
    encoding: 'plain',
    qos: 1,
    retain: false,
    receipt: false,
    contentType: '',
    expires: '',
    isText: false,
    responseTopic: '',
    correlation: '',
    userProperties: [],
  }
}

/** What was left empty is not sent. */
export function publishOf(draft: Draft): Publish {
  const { topic, payload, encoding, qos, retain, receipt } = draft
  const properties = propertiesOf(draft)
  return {
    topic,
    qos,
    ...(payload === '' ? {} : { payload }),
    ...(encoding === 'plain' ? {} : { payload_encoding: encoding }),
    ...(retain ? { retain } : {}),
    ...(receipt ? { receipt } : {}),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
  }
}

type Properties = NonNullable<Publish['properties']>

function propertiesOf({ contentType, expires, isText, responseTopic, correlation, userProperties }: Draft): Properties {
  return {
    ...(contentType === '' ? {} : { content_type: contentType }),
    ...(expires === '' ? {} : { message_expiry_interval: Number(expires) }),
    ...(isText ? { payload_format_indicator: 1 as const } : {}),
    ...(responseTopic === '' ? {} : { response_topic: responseTopic }),
    ...(correlation === '' ? {} : { correlation_data: correlation }),
    ...(userProperties.length === 0 ? {} : { user_properties: byName(userProperties) }),
  }
}

/** A name may be there several times, with its values in order. */
function byName(pairs: readonly UserProperty[]): Record<string, string[]> {
  const values = new Map<string, string[]>()
  for (const { name, value } of pairs) values.set(name, [...(values.get(name) ?? []), value])
  return Object.fromEntries(values)
}
