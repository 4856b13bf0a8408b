/**
 * `pabal/protocol`: the MQTT codec by itself, for whoever writes a client, a bridge or a test.
 */
export { ByteWriter } from './byte-writer.ts'
export type * from './control-packet.ts'
export { type DecoderOptions, PacketDecoder } from './packet-decoder.ts'
export { encodeAcknowledgement, encodePacket, type PlainPacket, packetSize } from './packet-encoder.ts'
export { Publish, type PublishFields, publish } from './packets/publish.ts'
export { ProtocolViolation } from './protocol-violation.ts'
export { encodePublish, type PublishDelivery, publishSize } from './publish-encoder.ts'
export { ConnectReturnCode, connectReturnCode, ReasonCode, reasonCodeName } from './reason-code.ts'
