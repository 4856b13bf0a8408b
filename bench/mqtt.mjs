/**
 * Packet encoders for MQTT 3.1.1 (version 4) and MQTT 5 (version 5).
 * Encoding happens before a run starts, so clarity matters more than speed here.
 */

export const TYPE = {
  CONNECT: 1,
  CONNACK: 2,
  PUBLISH: 3,
  PUBACK: 4,
  PUBREC: 5,
  PUBREL: 6,
  PUBCOMP: 7,
  SUBSCRIBE: 8,
  SUBACK: 9,
  PINGREQ: 12,
  PINGRESP: 13,
  DISCONNECT: 14,
}

function varint(n) {
  const out = []
  do {
    const more = n > 127
    out.push((n & 127) | (more ? 128 : 0))
    n = Math.floor(n / 128)
  } while (n > 0)
  return Buffer.from(out)
}

function str(s) {
  const body = Buffer.from(s, 'utf8')
  return Buffer.concat([Buffer.from([body.length >> 8, body.length & 255]), body])
}

function frame(firstByte, parts) {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([firstByte]), varint(body.length), body])
}

/** expiry: session expiry in seconds (MQTT 5); 3.1.1 uses clean=false instead. */
export function connect({ version, clientId, clean, keepAlive = 0, expiry = 0, receiveMaximum = 65535 }) {
  const flags = clean ? 2 : 0
  const parts = [str('MQTT'), Buffer.from([version, flags, keepAlive >> 8, keepAlive & 255])]
  if (version === 5) {
    const props = [Buffer.from([0x21, receiveMaximum >> 8, receiveMaximum & 255])]
    if (expiry > 0) {
      const e = Buffer.alloc(5)
      e[0] = 0x11
      e.writeUInt32BE(expiry, 1)
      props.push(e)
    }
    const body = Buffer.concat(props)
    parts.push(varint(body.length), body)
  }
  parts.push(str(clientId))
  return frame(0x10, parts)
}

export function subscribe({ version, packetId, filters, qos }) {
  const parts = [Buffer.from([packetId >> 8, packetId & 255])]
  if (version === 5) parts.push(Buffer.from([0]))
  for (const f of filters) parts.push(str(f), Buffer.from([qos]))
  return frame(0x82, parts)
}

export function unsubscribe({ packetId, filters }) {
  return frame(0xa2, [Buffer.from([packetId >> 8, packetId & 255]), ...filters.map(str)])
}

export function publish({ version, topic, payload, qos = 0, packetId = 0, retain = false }) {
  const parts = [str(topic)]
  if (qos > 0) parts.push(Buffer.from([packetId >> 8, packetId & 255]))
  if (version === 5) parts.push(Buffer.from([0]))
  parts.push(payload)
  return frame(0x30 | (qos << 1) | (retain ? 1 : 0), parts)
}

export const DISCONNECT = Buffer.from([0xe0, 0])
