/**
 * Listens for MQTT over WebSocket, plain and over TLS. MQTT 5.0 section 6.
 *
 * Whatever is not an MQTT client gets an answer a human understands, and no handshake lasts longer than its bound.
 */
import assert from 'node:assert/strict'
import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { WebSocketServer } from 'ws'
import { certificateName } from './certificate-name.ts'
import { Certificates } from './certificates.ts'
import type { Channel } from './channel.ts'
import { Handshakes } from './handshakes.ts'
import type { TlsFiles, WsListenAddress, WssListenAddress } from './listen-url.ts'
import type { ListenerOptions } from './listener-options.ts'
import { http, https } from './node-http.ts'
import type { AcceptingServer } from './server-listener.ts'
import { tcpOptions } from './tcp.ts'
import { isForwarded, isFromThisMachine } from './this-machine.ts'
import { handshakeSettings } from './tls.ts'
import { WebSocketChannel, webSocketBounds } from './websocket-channel.ts'
import {
  pathOf,
  protocol,
  type Refusal,
  refusal,
  refusalHeaders,
  refusalOf,
  refusalOfPlainRequest,
  refuseUpgrade,
} from './websocket-handshake.ts'

/** The server of a listener: `accept` is called for every channel and sets its handler before it returns. */
export async function createWebSocketServer(
  address: WsListenAddress | WssListenAddress,
  accept: (channel: Channel) => void,
  options: ListenerOptions,
): Promise<AcceptingServer> {
  const { server, certificates } =
    address.transport === 'ws'
      ? { server: http.createServer(httpSettings), certificates: null }
      : await makeSecureServer(address.tls)
  const handshakes = new Handshakes(server, address, options)
  const refuse = (socket: Duplex, refused: Refusal): void => {
    handshakes.answered(socketOf(socket))
    refuseUpgrade(socket, refused)
  }
  const acceptor = createAcceptor(refuse)
  server.on('secureConnection', (socket: TLSSocket) => handshakes.secured(socket))
  // Before Node's own answer to it, which closes the socket.
  server.prependListener('tlsClientError', (error: Error, socket: TLSSocket) => handshakes.failed(socket, error))
  server.on('request', (request, response) => {
    handshakes.answered(request.socket)
    answerPlainRequest(request, response, address)
  })
  server.on('upgrade', (request, duplex, head) => {
    const mayBeAnyPage = !options.takesStrangers() || !isFromThisMachine(handshakes.remoteAddressOf(socketOf(duplex)))
    const refused = refusalOf(request, address, mayBeAnyPage)
    if (refused !== null) return refuse(duplex, refused)
    acceptor.options.maxPayload = options.webSocketMessageBytesMax()
    acceptor.handleUpgrade(request, duplex, head, (webSocket) => {
      const socket = socketOf(duplex)
      const remoteAddress = handshakes.finish(socket)
      if (remoteAddress === null) return webSocket.terminate()
      const name = address.transport === 'wss' ? certificateName(socket, address.tls) : null
      // Whoever comes by a proxy is not on this machine only because the proxy is.
      const isHidden = isFromThisMachine(remoteAddress) && isForwarded(request.headers)
      accept(new WebSocketChannel(address.transport, webSocket, socket, name, isHidden ? 'unknown' : remoteAddress))
    })
  })
  return { server, handshakes, certificates }
}

/** What holds for a client that comes by an HTTP server of somebody else. */
export interface UpgradeTerms {
  /** Origins whose pages may connect, in lower case; empty: see `mayBeAnyPage`. */
  readonly origins: readonly string[]
  /** Whether pages of all origins may connect where none are listed, and not those of this machine only. */
  readonly mayBeAnyPage: boolean
  /** The longest message. */
  readonly messageBytesMax: number
  /** As channels write it. */
  readonly remoteAddress: string
  /** Is called for the channel and sets its handler before it returns. */
  accept(channel: Channel): void
}

const hostAcceptor = createAcceptor(refuseUpgrade)

/** Takes a client that asks for an upgrade, or answers why not. At which path it asks is not looked at. */
export function takeUpgrade(request: IncomingMessage, socket: Socket, head: Buffer, terms: UpgradeTerms): void {
  const { origins, mayBeAnyPage, messageBytesMax, remoteAddress } = terms
  const transport = socket instanceof TLSSocket ? 'wss' : 'ws'
  const refused = refusalOf(request, { transport, path: pathOf(request), origins }, mayBeAnyPage)
  if (refused !== null) {
    refuseUpgrade(socket, refused)
    return
  }
  hostAcceptor.options.maxPayload = messageBytesMax
  hostAcceptor.handleUpgrade(request, socket, head, (webSocket) => {
    terms.accept(new WebSocketChannel(transport, webSocket, socket, null, remoteAddress))
  })
}

/** The servers are Node's own, which accept sockets and nothing else. */
function socketOf(duplex: Duplex): Socket {
  assert(duplex instanceof Socket, 'a connection is a socket')
  return duplex
}

async function makeSecureServer(files: TlsFiles): Promise<{ server: SecureServer; certificates: Certificates }> {
  const certificates = await Certificates.load(files)
  const server = certificates.serve((shown) => https.createServer({ ...httpSettings, ...handshakeSettings, ...shown }))
  return { server, certificates }
}

/** Extensions are never negotiated, so what a client writes there is not even parsed. */
function createAcceptor(refuse: (socket: Duplex, refused: Refusal) => void): WebSocketServer {
  const acceptor = new WebSocketServer({
    ...webSocketBounds,
    noServer: true,
    clientTracking: false,
    // Whoever does not offer it has been refused before.
    handleProtocols: () => protocol,
  })
  acceptor.on('wsClientError', (error, socket) => refuse(socket, refusal(400, `${error.message}.`)))
  return acceptor
}

/** The deadline is kept elsewhere, and covers all that comes before a channel: Node's own are for parts of it. */
const httpSettings = {
  noDelay: tcpOptions.noDelay,
  keepAlive: tcpOptions.keepAlive,
  maxHeaderSize: 8192,
  headersTimeout: 0,
  requestTimeout: 0,
  keepAliveTimeout: 0,
} satisfies ServerOptions

function answerPlainRequest(
  request: IncomingMessage,
  response: ServerResponse,
  address: WsListenAddress | WssListenAddress,
): void {
  const refused = refusalOfPlainRequest(request, address)
  response.writeHead(refused.status, refusalHeaders(refused)).end(`${refused.text}\n`)
}
