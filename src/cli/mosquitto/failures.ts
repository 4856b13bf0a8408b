/**
 * What is printed, and which exit code is returned, when a tool cannot connect or subscribe, or its connection ends.
 */
import { ProtocolViolation } from '../../protocol/protocol-violation.ts'
import { ConnectionLost, ConnectionRefused, ServerDisconnected, UnsendableMessage } from '../client/client-errors.ts'
import { channelFaultText, lostConnectionAdvice } from '../client/connect-advice.ts'
import { ChannelError } from '../client/open-channel.ts'
import { ProxyError, type ProxyFault } from '../client/socks5.ts'
import type { Invocation } from './invocation.ts'
import type { Options } from './options.ts'
import { libraryErrors, reasonText, returnCodeText, systemErrorText } from './texts.ts'
import { placeName, type ToolConnection } from './tool-connection.ts'
import type { ToolOutput } from './tool-output.ts'

export interface FailureContext {
  readonly invocation: Invocation
  readonly options: Options
  readonly output: ToolOutput
  readonly connection: ToolConnection
}

/** Says why there is no connection, or no longer one, and answers the exit code. Throws what it does not know. */
export function reportFailure(error: unknown, context: FailureContext): number {
  if (error instanceof ChannelError) return reportChannelError(error, context)
  if (error instanceof ConnectionRefused) return reportRefusal(error, context)
  if (error instanceof ServerDisconnected) return reportServerDisconnect(error, context)
  if (error instanceof ConnectionLost) return reportLost(error, context)
  if (error instanceof ProtocolViolation) {
    context.output.remark(`the server broke the protocol: ${error.message}`)
    return reportLibraryError('protocol', context)
  }
  if (error instanceof UnsendableMessage) {
    context.output.remark(error.message)
    return reportLibraryError('oversize', context)
  }
  throw error
}

function reportLost(error: ConnectionLost, context: FailureContext): number {
  const { options, output, connection } = context
  const exitCode = reportLibraryError('lost', context)
  const advice = lostConnectionAdvice(error, connection.target)
  if (advice !== null) output.remark(`${placeName(connection.target)}: ${advice}`)
  else if (error.wasConnected && options.protocolVersion !== 5) {
    output.remark('a server cannot say in MQTT 3.1 and 3.1.1 why it closes a connection; with -V 5 it can')
  }
  return exitCode
}

export function reportLibraryError(name: keyof typeof libraryErrors, { output }: FailureContext): number {
  const { code, text } = libraryErrors[name]
  output.complain(`Error: ${text}\n`)
  return code
}

/** The proxy works, and found no way to the server. */
export function isBehindProxy(error: unknown): boolean {
  return error instanceof ChannelError && error.kind === 'proxy' && proxyFault(error) === 'unreachable'
}

function proxyFault({ cause }: ChannelError): ProxyFault {
  return cause instanceof ProxyError ? cause.fault : 'failed'
}

const proxyFaults = { denied: 'denied', unreachable: 'notConnected', failed: 'proxy' } as const

function reportChannelError(error: ChannelError, context: FailureContext): number {
  const { output, connection } = context
  const place = placeName(connection.target)
  switch (error.kind) {
    case 'system':
      output.complain(`Error: ${systemErrorText(error.code, error.message)}\n`)
      if (error.code === 'ECONNREFUSED') {
        output.remark(`nothing listens at ${place}; "pabal start" starts a broker on this machine`)
      } else output.remark(`cannot connect to ${place}`)
      return 1
    case 'lookup':
      output.complain(`Unable to connect (${libraryErrors.lookup.text}).\n`)
      output.remark(`no address is known for ${place}`)
      return 1
    case 'arguments':
      output.complain(`Unable to connect (${libraryErrors.invalid.text}).\n`)
      return 1
    case 'tlsSettings':
      output.complain(`Unable to connect (${libraryErrors.tls.text}).\n`)
      output.remark(error.message)
      return 1
    case 'tls':
      output.remark(`${place}: ${channelFaultText(error)}`)
      return reportLibraryError('tls', context)
    case 'proxy':
      output.remark(error.message)
      // Debian's rr takes it for the end of a connection, as which it would be no failure.
      if (context.invocation.isDropIn && context.invocation.tool === 'rr' && isBehindProxy(error)) return 0
      return reportLibraryError(proxyFaults[proxyFault(error)], context)
    case 'webSocket':
      output.complain(`Error: ${error.message}\n`)
      output.remark(`${place} does not speak MQTT over WebSocket`)
      return 1
  }
}

function reportRefusal(error: ConnectionRefused, context: FailureContext): number {
  const { reasonCode: code, properties } = error.connack
  const { invocation, options, output } = context
  const isFive = options.protocolVersion === 5
  // rr of 2.0.11 takes return codes of 3.1.1 for Reason Codes of 5.0.
  const usesReasons = isFive || (invocation.isDropIn && invocation.tool === 'rr')
  const isUnsupported = code === (isFive ? 132 : 1)
  let text = usesReasons ? reasonText(code) : returnCodeText(code)
  if (isFive && isUnsupported && invocation.isDropIn) text += unsupportedHint(invocation)
  output.complain(`Connection error: ${text}\n`)
  if (isUnsupported) output.remark(`the server does not speak MQTT ${versionName(options)}; ${otherVersion(options)}`)
  if (properties.reasonString !== undefined) output.remark(`the server says: ${properties.reasonString}`)
  if (properties.serverReference !== undefined) output.remark(`it refers to ${properties.serverReference}`)
  if (invocation.tool === 'pub' && invocation.isDropIn) {
    const isKnown = options.messageMode === 'lines' || (!isFive && code <= 5)
    output.complain(`Error: ${isKnown ? libraryErrors.refused.text : libraryErrors.protocol.text}\n`)
  }
  return code
}

function unsupportedHint({ tool }: Invocation): string {
  if (tool === 'rr') return '. mosquitto_rr only supports connecting to an MQTT v5 broker'
  return '. Try connecting to an MQTT v5 broker, or use MQTT v3.x mode.'
}

function versionName({ protocolVersion }: Options): string {
  return { 3: '3.1', 4: '3.1.1', 5: '5.0' }[protocolVersion]
}

function otherVersion({ protocolVersion }: Options): string {
  return protocolVersion === 5 ? 'try -V 311' : 'try -V 5'
}

/** Debian's sub and rr end quietly and with 0; ours say why and end with the Reason Code. */
function reportServerDisconnect(error: ServerDisconnected, context: FailureContext): number {
  const { reasonCode, properties } = error.disconnect
  const { invocation, output } = context
  if (invocation.isDropIn) return invocation.tool === 'pub' ? reportLibraryError('notConnected', context) : 0
  const said = properties.reasonString === undefined ? '' : `: ${properties.reasonString}`
  const hex = reasonCode.toString(16).padStart(2, '0')
  output.remark(`the server closed the connection (0x${hex} ${reasonText(reasonCode)})${said}`)
  return reasonCode
}
