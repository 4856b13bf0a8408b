/**
 * What is looked at before a request is even read, and said with every answer.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { HttpProblem, problem } from '../problem.ts'
import { checkHost } from './hosts.ts'

/** Nothing from elsewhere, nothing inline, in no frame; and no text ever becomes markup or a script, whatever a page does by mistake. */
const policy = [
  "default-src 'self'",
  "base-uri 'none'",
  "object-src 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

export function setSafetyHeaders(outgoing: ServerResponse, isSecure: boolean): void {
  outgoing.setHeader('content-security-policy', policy)
  outgoing.setHeader('x-content-type-options', 'nosniff')
  outgoing.setHeader('x-frame-options', 'DENY')
  outgoing.setHeader('referrer-policy', 'no-referrer')
  outgoing.setHeader('cross-origin-opener-policy', 'same-origin')
  outgoing.setHeader('cross-origin-resource-policy', 'same-origin')
  outgoing.setHeader('permissions-policy', 'camera=(), geolocation=(), microphone=()')
  outgoing.setHeader('cache-control', 'no-store')
  if (isSecure) outgoing.setHeader('strict-transport-security', 'max-age=31536000')
}

/** True if the request is answered: it was for another host. */
export function refuseOtherHosts(
  { headers }: IncomingMessage,
  outgoing: ServerResponse,
  names: readonly string[],
): boolean {
  try {
    checkHost(headers.host, names)
    return false
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error
    answerProblem(outgoing, error)
    return true
  }
}

/** Answers before the request is read, which ends the connection. */
export function answerProblem(outgoing: ServerResponse, { status, problem: body }: HttpProblem): void {
  outgoing.writeHead(status, { 'content-type': 'application/problem+json', connection: 'close' })
  outgoing.end(JSON.stringify(body))
}

/** What Node could not read, or did not get in time. */
export function answerBadRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const { status, problem: body } = problemOf(error.code ?? '')
  const json = JSON.stringify(body)
  const head = [
    `HTTP/1.1 ${status} ${body.title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(json)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${json}`)
}

function problemOf(code: string): HttpProblem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return problem('too-slow', 'the request', 'a part of it', 'all of it in time', 'send it faster')
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return problem('too-large', 'the headers', 'more than 16 KiB', 'less', 'send fewer cookies and headers')
  }
  return problem('bad-request', 'the request', 'something that is not HTTP/1.1', 'a request', 'correct the client')
}
