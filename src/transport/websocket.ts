/**
 * Listens for MQTT over WebSocket, plain and over TLS. MQTT 5.0 section 6.
 *
 * Whatever is not an MQTT client gets an answer a human understands, and no handshake lasts longer than its bound.
 */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerOptions, type ServerResponse } from 'node:http'
import {
  createServer as createSecureServer,
  type Server as SecureServer,
  type ServerOptions as SecureServerOptions,
} from 'node:https'
import { Socket } from 'node:net'
import { WebSocketServer } from 'ws'
import { certificateName } from './certificate-name.ts'
import { Certificates, loadTlsFiles } from './certificates.ts'
import type { Channel, Listener } from './channel.ts'
import type { TlsFiles, WsListenAddress, WssListenAddress } from './listen-url.ts'
import type { ListenerOptions } from './listener-options.ts'
import { ServerListener } from './server-listener.ts'
import { tcpOptions } from './tcp.ts'
import { WebSocketChannel, webSocketBounds } from './websocket-channel.ts'
import {
  protocol,
  refusal,
  refusalHeaders,
  refusalOf,
  refusalOfPlainRequest,
  refuseUpgrade,
} from './websocket-handshake.ts'

export function createWebSocketListener(
  address: WsListenAddress | WssListenAddress,
  accept: (channel: Channel) => void,
  options: ListenerOptions,
): Listener {
  const acceptor = createAcceptor()
  return new ServerListener(address, options, async () => {
    const limits = httpLimits(options.handshakeTimeoutMs)
    const { server, certificates } =
      address.transport === 'ws'
        ? { server: createServer(limits), certificates: null }
        : await makeSecureServer(address.tls, { ...limits, handshakeTimeout: options.handshakeTimeoutMs })
    server.on('request', (request, response) => answerPlainRequest(request, response, address))
    server.on('upgrade', (request, socket, head) => {
      const refused = server.listening ? refusalOf(request, address) : refusal(503, 'This server is shutting down.')
      if (refused !== null) return refuseUpgrade(socket, refused)
      acceptor.options.maxPayload = options.webSocketMessageBytesMax()
      acceptor.handleUpgrade(request, socket, head, (webSocket) => {
        // The server is one of Node's own, which accepts sockets and nothing else.
        assert(socket instanceof Socket, 'an upgraded connection is a socket')
        const name = address.transport === 'wss' ? certificateName(socket, address.tls) : null
        accept(new WebSocketChannel(address.transport, webSocket, socket, name))
      })
    })
    return { server, dropHandshakes: () => server.closeAllConnections(), certificates }
  })
}

async function makeSecureServer(
  files: TlsFiles,
  settings: SecureServerOptions,
): Promise<{ server: SecureServer; certificates: Certificates }> {
  const credentials = await loadTlsFiles(files)
  const server = createSecureServer({ ...settings, ...credentials })
  return { server, certificates: new Certificates(credentials, server) }
}

/** Extensions are never negotiated, so what a client writes there is not even parsed. */
function createAcceptor(): WebSocketServer {
  const acceptor = new WebSocketServer({
    ...webSocketBounds,
    noServer: true,
    clientTracking: false,
    // Whoever does not offer it has been refused before.
    handleProtocols: () => protocol,
  })
  acceptor.on('wsClientError', (error, socket) => refuseUpgrade(socket, refusal(400, `${error.message}.`)))
  return acceptor
}

/** Node checks its deadlines at intervals; both together stay within the time allowed. */
function httpLimits(handshakeTimeoutMs: number): ServerOptions {
  const checkMs = Math.max(1, Math.floor(handshakeTimeoutMs / 10))
  const deadlineMs = handshakeTimeoutMs - checkMs
  return {
    noDelay: tcpOptions.noDelay,
    keepAlive: tcpOptions.keepAlive,
    maxHeaderSize: 8192,
    headersTimeout: deadlineMs,
    requestTimeout: deadlineMs,
    keepAliveTimeout: deadlineMs,
    connectionsCheckingInterval: checkMs,
  }
}

function answerPlainRequest(
  request: IncomingMessage,
  response: ServerResponse,
  address: WsListenAddress | WssListenAddress,
): void {
  const refused = refusalOfPlainRequest(request, address)
  response.writeHead(refused.status, refusalHeaders(refused)).end(`${refused.text}\n`)
}
