/** Types of mqtt.mjs, for what imports it from TypeScript. */
type ProtocolVersion = 4 | 5

export function connect(fields: {
  version: ProtocolVersion
  clientId: string
  clean: boolean
  keepAlive?: number
  expiry?: number
  receiveMaximum?: number
}): Buffer
export function subscribe(fields: {
  version: ProtocolVersion
  packetId: number
  filters: readonly string[]
  qos: number
}): Buffer
export function publish(fields: {
  version: ProtocolVersion
  topic: string
  payload: Uint8Array
  qos?: number
  packetId?: number
  retain?: boolean
}): Buffer
