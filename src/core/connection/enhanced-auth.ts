/**
 * The AUTH exchange, at CONNECT and afterwards. MQTT 5.0 section 4.12.
 *
 * The host runs the method; here is kept who may say what when.
 */
import type { Auth } from '../../protocol/control-packet.ts'
import { ProtocolViolation } from '../../protocol/protocol-violation.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { beginDrainsFor } from '../held/drain.ts'
import type { Answer, AuthenticationStepQuestion } from '../question.ts'
import type { CoreState } from '../state.ts'
import { sendNow, type Turn } from '../turn.ts'
import { disconnectClient } from './closing.ts'
import type { Connection } from './connection.ts'
import { acceptLogin } from './handshake.ts'
import { changeGroups, endLoginAt, recordGroups } from './login.ts'

export function receiveAuth(connection: Connection, packet: Auth, turn: Turn): void {
  const { authenticationMethod } = connection
  if (authenticationMethod === null) {
    const text = 'AUTH from a client whose CONNECT had no Authentication Method'
    throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-4.12.0-6', text)
  }
  if (packet.properties.authenticationMethod !== authenticationMethod) {
    const text = `the Authentication Method must stay ${authenticationMethod}, found ${packet.properties.authenticationMethod ?? 'none'}`
    throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-4.12.0-5', text)
  }
  const begins = packet.reasonCode === ReasonCode.ReAuthenticate
  const isUnderWay = connection.state === 'authenticating' || connection.isReAuthenticating
  const isExpected = begins ? connection.state === 'connected' && !isUnderWay : isUnderWay
  if (!isExpected || packet.reasonCode === ReasonCode.Success) {
    const text = `AUTH with Reason Code ${packet.reasonCode} does not fit this moment of the exchange`
    throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-4.12.0-3', text)
  }
  if (begins) connection.isReAuthenticating = true
  const connect = connection.authenticationConnect
  if (connect === null) throw new Error('a connection with an Authentication Method keeps its CONNECT')
  connection.isWaiting = true
  turn.questions.push({ type: 'authentication-step', connection, connect, packet, begins })
}

/** The method has answered a step. */
export function answerAuthenticationStep(
  core: CoreState,
  question: AuthenticationStepQuestion,
  answer: Answer,
  nowMs: number,
  turn: Turn,
): void {
  const { connection, connect } = question
  if (answer.type === 'continue') {
    sendAuth(connection, ReasonCode.ContinueAuthentication, answer.data, turn)
    return
  }
  if (answer.type !== 'accepted') {
    const { reasonCode, reasonString } = refusalOf(answer)
    const text = reasonString ?? 'authentication failed'
    disconnectClient(core, connection, { reasonCode, text }, nowMs, turn)
    return
  }
  if (!connection.isReAuthenticating) {
    acceptLogin(core, connection, connect, answer, nowMs, turn)
    return
  }
  connection.isReAuthenticating = false
  const { session } = connection
  if (session?.account !== answer.account) {
    const text = 're-authentication must be for the same account'
    disconnectClient(core, connection, { reasonCode: ReasonCode.NotAuthorized, text }, nowMs, turn)
    return
  }
  recordGroups(core, session, changeGroups(core, session, answer.groups, turn), turn)
  endLoginAt(core, connection, answer.endsAtMs)
  sendAuth(connection, ReasonCode.Success, answer.data, turn)
  beginDrainsFor(core, session, nowMs, turn)
}

function refusalOf(answer: Answer): { reasonCode: number; reasonString: string | null } {
  if (answer.type === 'refused') return answer
  return { reasonCode: ReasonCode.NotAuthorized, reasonString: null }
}

function sendAuth(connection: Connection, reasonCode: number, data: Uint8Array | null, turn: Turn): void {
  const authenticationMethod = connection.authenticationMethod ?? ''
  const properties = data === null ? { authenticationMethod } : { authenticationMethod, authenticationData: data }
  const outgoing = { type: 'packet', connection, packet: { type: 'auth', reasonCode, properties } } as const
  // Before CONNACK there is nothing that AUTH could overtake; afterwards it keeps its place behind it.
  if (connection.state === 'authenticating') turn.now.push(outgoing)
  else sendNow(turn, connection, outgoing)
}
