/**
 * How the tests of `publish-properties.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const properties = 'src/protocol/properties.ts'

/** A property is left out where the properties are written anew. */
function leftOut(key: string, name: string, id: string): Mutation {
  return {
    name: `the ${name} does not go on where the properties are written anew`,
    file: 'src/protocol/publish-encoder.ts',
    from: 'messageExpiryInterval: ___, ...rest }',
    to: `messageExpiryInterval: ___, ${key}: ____, ...rest }`,
    breaks: [id],
  }
}

export const mutations: readonly Mutation[] = [
  leftOut('payloadFormatIndicator', 'Payload Format Indicator', 'MQTT-3.3.2-4'),
  leftOut('responseTopic', 'Response Topic', 'MQTT-3.3.2-15'),
  leftOut('correlationData', 'Correlation Data', 'MQTT-3.3.2-16'),
  leftOut('userProperties', 'User Property', 'MQTT-3.3.2-17'),
  leftOut('contentType', 'Content Type', 'MQTT-3.3.2-20'),
  {
    name: 'properties that need not be written anew are lost',
    file: 'src/protocol/publish-decoder.ts',
    from: 'packet.propertiesEnd = reader.position',
    to: 'packet.propertiesEnd = blockStart(packet.bytes, position)',
    breaks: ['MQTT-3.3.2-4', 'MQTT-3.3.2-15', 'MQTT-3.3.2-16', 'MQTT-3.3.2-17', 'MQTT-3.3.2-20'],
  },
  {
    name: 'User Properties are sorted by name',
    file: properties,
    from: 'for (const [name, text] of value as UserProperties) {',
    to: 'for (const [name, text] of (value as UserProperties).toSorted()) {',
    breaks: ['MQTT-3.3.2-18'],
  },
  {
    name: 'a Response Topic is not read as text',
    file: properties,
    from: `name: 'Response Topic', type: 'string'`,
    to: `name: 'Response Topic', type: 'binary'`,
    breaks: ['MQTT-3.3.2-13'],
  },
  {
    name: 'a Response Topic may hold the single-level wildcard',
    file: 'src/protocol/publish-decoder.ts',
    from: `|| responseTopic.includes('+')`,
    to: '',
    breaks: ['MQTT-3.3.2-14'],
  },
  {
    name: 'a Content Type is not read as text',
    file: properties,
    from: `name: 'Content Type', type: 'string'`,
    to: `name: 'Content Type', type: 'binary'`,
    breaks: ['MQTT-3.3.2-19'],
  },
  {
    name: 'a copy that waits in a queue does not expire',
    file: 'src/core/session/outbound.ts',
    from: 'backlog.shift()\n      if (message.isExpired(nowMs))',
    to: 'backlog.shift()\n      if (message.isExpired(message.receivedMs))',
    breaks: ['MQTT-3.3.2-5'],
  },
  {
    name: 'the Message Expiry Interval goes on as it came',
    file: 'src/core/message.ts',
    from: 'Math.ceil((this.expiresMs - nowMs) / 1000)',
    to: 'Math.ceil((this.expiresMs - this.receivedMs) / 1000)',
    breaks: ['MQTT-3.3.2-6'],
  },
]

export const exemptions: Exemptions = {}
