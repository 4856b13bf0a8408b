/**
 * How a client's connection, or one of its messages, can fail.
 */
import type { Connack, Disconnect } from '../../protocol/control-packet.ts'

/** The server answered CONNECT with a refusal. */
export class ConnectionRefused extends Error {
  readonly connack: Connack

  constructor(connack: Connack) {
    super(`the server refused the connection with code ${connack.reasonCode}`)
    this.name = 'ConnectionRefused'
    this.connack = connack
  }
}

/** The Network Connection ended without DISCONNECT. */
export class ConnectionLost extends Error {
  /** The server had let the client in. */
  readonly wasConnected: boolean

  constructor(cause: Error | null, wasConnected = true) {
    super('the connection was lost', cause === null ? {} : { cause })
    this.name = 'ConnectionLost'
    this.wasConnected = wasConnected
  }
}

/** The server closed the connection and said why. */
export class ServerDisconnected extends Error {
  readonly disconnect: Disconnect

  constructor(disconnect: Disconnect) {
    super(`the server closed the connection with code ${disconnect.reasonCode}`)
    this.name = 'ServerDisconnected'
    this.disconnect = disconnect
  }
}

/** A message, or another packet, that cannot be sent to this server, found before a byte of it was. */
export class UnsendableMessage extends Error {
  readonly reason: 'topic' | 'qos' | 'retain' | 'size'

  constructor(reason: 'topic' | 'qos' | 'retain' | 'size', message: string) {
    super(message)
    this.name = 'UnsendableMessage'
    this.reason = reason
  }
}
