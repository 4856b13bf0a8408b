/**
 * From CONNECT to CONNACK: who is it, may it come in, which Session is its own. MQTT 5.0 sections 3.1 and 3.2.
 */
import type { Connack, ConnackProperties, Connect } from '../../protocol/control-packet.ts'
import { takenBytes } from '../../protocol/packets/connect.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { beginDrainsFor } from '../held/drain.ts'
import { reachLimit, sentTopicNameFault } from '../limit-reached.ts'
import { writeSessionRecord } from '../log.ts'
import { memoryFault } from '../memory.ts'
import { type Login, plainLogin } from '../question.ts'
import { parseTopicFilter } from '../routing/topic-filter.ts'
import { isReserved } from '../routing/topic-name.ts'
import { endSession, remindSession } from '../session/lifecycle.ts'
import { neverExpires, Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { admissionFault } from './admission.ts'
import { banFault } from './banning.ts'
import { type ClosingReason, disconnectClient, refuseConnect } from './closing.ts'
import type { Connection } from './connection.ts'
import { addressOf } from './headcount.ts'
import { changeGroups, endLoginAt, recordGroups } from './login.ts'
import { OutboundTopicAliases } from './topic-aliases.ts'

const receiveMaximumDefault = 65_535

/**
 * Whether a Network Connection may be opened at all. One too many is answered when its CONNECT has come; these are so many that even
 * waiting for that costs too much.
 */
export function mayOpen(core: CoreState, remoteAddress: string): boolean {
  const { connectionsMax, connectionsPerAddressMax } = core.limits
  if (core.connections.size >= 2 * connectionsMax) {
    reachLimit(core, 'connectionsMax', '')
    return false
  }
  if (connectionsPerAddressMax === 0) return true
  if (core.connectionsByAddress.of(addressOf(remoteAddress)) < 2 * connectionsPerAddressMax) return true
  reachLimit(core, 'connectionsPerAddressMax', '')
  return false
}

export function receiveConnect(
  core: CoreState,
  connection: Connection,
  packet: Connect,
  nowMs: number,
  turn: Turn,
): void {
  connection.connect = packet
  connection.canBeAnswered = true
  connection.protocolVersion = packet.protocolVersion === 5 ? 5 : 4
  // A CONNACK that refuses, and AUTH, must keep to it, too [MQTT-3.2.2-19].
  connection.maximumPacketSize = takenBytes(packet.properties)
  connection.userName = connection.origin.certificateName ?? packet.userName
  const fault = connectFault(core, connection, packet, nowMs)
  if (fault !== null) {
    refuseConnect(core, connection, fault, nowMs, turn)
    return
  }
  connection.state = 'authenticating'
  connection.wantsProblemInformation = packet.properties.requestProblemInformation !== false
  if (packet.clientIdentifier === '') packet.clientIdentifier = connection.origin.assignedClientIdentifier
  else connection.hasOwnClientIdentifier = true
  const method = packet.properties.authenticationMethod
  if (method !== undefined) {
    connection.authenticationMethod = method
    connection.authenticationConnect = packet
    connection.isWaiting = true
    turn.questions.push({ type: 'authentication-step', connection, connect: packet, packet, begins: true })
  } else if (core.options.asksAuthentication && !connection.isLocal) {
    connection.isWaiting = true
    turn.questions.push({ type: 'authenticate', connection, connect: packet })
  } else acceptLogin(core, connection, packet, plainLogin(''), nowMs, turn)
}

/** What makes a well-formed CONNECT unacceptable before anybody is asked; null if nothing does. */
function connectFault(core: CoreState, connection: Connection, packet: Connect, nowMs: number): ClosingReason | null {
  const { will, properties } = packet
  if (core.isStopping) return { reasonCode: ReasonCode.ServerShuttingDown, text: 'the broker is shutting down' }
  const banned = banFault(core, connection, packet.clientIdentifier, null, nowMs)
  if (banned !== null) return banned
  if (core.connections.size > core.limits.connectionsMax) {
    const text = `the broker takes no more than ${core.limits.connectionsMax} connections; try again later`
    return { reasonCode: ReasonCode.ServerBusy, text: reachLimit(core, 'connectionsMax', text) }
  }
  // Whoever may have a Session is looked at again when it is known who it is.
  const memory = packet.cleanStart && !connection.isLocal ? memoryFault(core) : null
  if (memory !== null) return memory
  const { connectionsPerAddressMax } = core.limits
  if (connectionsPerAddressMax > 0 && core.connectionsByAddress.of(connection.address) > connectionsPerAddressMax) {
    const text = `one address may have ${connectionsPerAddressMax} connections`
    return { reasonCode: ReasonCode.QuotaExceeded, text: reachLimit(core, 'connectionsPerAddressMax', text) }
  }
  if (packet.protocolVersion === 4 && packet.clientIdentifier === '' && !packet.cleanStart) {
    const text = 'an empty Client Identifier needs CleanSession 1'
    return { reasonCode: ReasonCode.ClientIdentifierNotValid, text }
  }
  const method = properties.authenticationMethod
  if (method !== undefined && !core.options.authenticationMethods.has(method)) {
    const known = [...core.options.authenticationMethods].join(', ') || 'none'
    const text = `the Authentication Method ${method} is not known here; known: ${known}`
    return { reasonCode: ReasonCode.BadAuthenticationMethod, text }
  }
  if (will === null) return null
  const fault = sentTopicNameFault(core, will.topicName)
  if (fault !== null) return { reasonCode: ReasonCode.TopicNameInvalid, text: `Will Topic: ${fault}` }
  if (isReserved(will.topicName)) {
    return { reasonCode: ReasonCode.NotAuthorized, text: `the Will Topic ${will.topicName} is reserved` }
  }
  return null
}

/** The client is who it says it is. Its Will Message, if any, is still to be allowed. */
export function acceptLogin(
  core: CoreState,
  connection: Connection,
  packet: Connect,
  login: Login,
  nowMs: number,
  turn: Turn,
): void {
  if (packet.will !== null && core.options.asksAuthorization && !connection.isLocal) {
    connection.isWaiting = true
    turn.questions.push({ type: 'authorize-will', connection, connect: packet, login })
    return
  }
  establish(core, connection, packet, login, nowMs, turn)
}

/**
 * What became due of the Sessions with a Client Identifier while nobody looked at the clock: a will is not stopped by a client that
 * comes back after it, an end not put off, and a Session that is over keeps nobody out.
 */
function doWhatIsDue(core: CoreState, clientIdentifier: string, nowMs: number, turn: Turn): void {
  for (const session of core.sessions.withClientIdentifier(clientIdentifier)) {
    if (Math.min(session.willAtMs, session.endsAtMs) <= nowMs) remindSession(core, session, nowMs, turn)
  }
}

/** Takes the client in: finds or makes its Session, takes it over from an older connection, and answers. */
export function establish(
  core: CoreState,
  connection: Connection,
  packet: Connect,
  login: Login,
  nowMs: number,
  turn: Turn,
): void {
  const { account } = login
  doWhatIsDue(core, packet.clientIdentifier, nowMs, turn)
  const fault = connection.isLocal ? null : admissionFault(core, connection, packet, login, nowMs)
  if (fault !== null) {
    refuseConnect(core, connection, { ...fault, account }, nowMs, turn)
    return
  }
  const stored = takeOver(core, connection, packet, account, nowMs, turn)
  const sessionPresent = stored !== null
  const session = stored ?? new Session(account, packet.clientIdentifier, nowMs, core.underWay)
  core.sessions.put(session)
  session.connection = connection
  session.isLocal = connection.isLocal
  session.presenceMs = nowMs
  core.subscriptions.presenceChanged(session)
  session.will = packet.will
  session.willAtMs = Number.POSITIVE_INFINITY
  session.endsAtMs = Number.POSITIVE_INFINITY
  const survived = session.survives
  session.expiryInterval = Math.min(requestedExpiry(packet), core.limits.sessionExpirySecondsMax)
  // Whether a Session is durable decides how messages reach it.
  if (sessionPresent && session.survives !== survived) core.subscriptions.changed()
  connection.session = session
  connection.state = 'connected'
  connection.connect = null
  core.traffic.clientCame(connection.isLocal)
  core.connectionsByAccount.add(account)
  applyConnect(core, connection, packet, nowMs)
  const groupsBefore = changeGroups(core, session, login.groups, turn)
  endLoginAt(core, connection, login.endsAtMs)
  const hadRecord = session.number > 0
  recordSession(core, session, nowMs, turn)
  recordGroups(core, session, hadRecord ? groupsBefore : null, turn)
  const connack: Connack = { type: 'connack', sessionPresent, reasonCode: ReasonCode.Success, properties: {} }
  if (packet.protocolVersion === 5) {
    connack.properties = connackProperties(core, connection, session, packet, login.data)
  }
  turn.onceDurable.push({ type: 'packet', connection, packet: connack })
  turn.events.push({
    type: 'connected',
    clientIdentifier: session.clientIdentifier,
    account,
    remoteAddress: connection.origin.remoteAddress,
    protocolVersion: connection.protocolVersion,
    sessionPresent,
  })
  if (!sessionPresent) reportCreated(connection, session, turn)
  if (sessionPresent) session.outbound.resume(connection, core, nowMs, turn)
  turn.onceDurable.push({ type: 'milestone', connection })
  if (sessionPresent) beginDrainsFor(core, session, nowMs, turn)
}

function reportCreated({ origin }: Connection, session: Session, turn: Turn): void {
  const { account, clientIdentifier, expiryInterval } = session
  const { remoteAddress } = origin
  turn.events.push({ type: 'sessionCreated', clientIdentifier, account, remoteAddress, expiryInterval })
}

/** Also a Session that ends with its connection is written down if it has a Will Message, which must go out even so. */
function recordSession(core: CoreState, session: Session, atMs: number, turn: Turn): void {
  const { number, account, clientIdentifier, expiryInterval: sessionExpiryInterval, will } = session
  if (number > 0) {
    const record = { type: 'session-resumed', session: number, sessionExpiryInterval, will } as const
    writeSessionRecord(core, turn, session, record)
  } else if (session.survives || will !== null) {
    const record = { type: 'session-created', account, clientIdentifier, sessionExpiryInterval, will, atMs } as const
    session.number = writeSessionRecord(core, turn, session, record)
  }
}

/**
 * The stored Session that goes on, or null if the client starts afresh. An older connection of it is closed [MQTT-3.1.4-3],
 * and its Will Message goes out unless the delay or the Session outlives the change [MQTT-3.1.3-9].
 */
function takeOver(
  core: CoreState,
  connection: Connection,
  packet: Connect,
  account: string,
  nowMs: number,
  turn: Turn,
): Session | null {
  const stored = core.sessions.get(account, packet.clientIdentifier)
  if (stored === undefined) return null
  if (stored.connection !== null) {
    const text = 'another connection with the same Client Identifier has taken over'
    const { clientIdentifier } = stored
    const { remoteAddress } = connection.origin
    const formerRemoteAddress = stored.connection.origin.remoteAddress
    turn.events.push({ type: 'sessionTakenOver', clientIdentifier, account, remoteAddress, formerRemoteAddress })
    disconnectClient(core, stored.connection, { reasonCode: ReasonCode.SessionTakenOver, text }, nowMs, turn)
  }
  if (stored.hasEnded) return null
  if (packet.cleanStart) {
    endSession(core, stored, 'clean-start', nowMs, turn)
    return null
  }
  return stored
}

/** Seconds. CleanSession 0 of 3.1.1 is a Session without end. */
function requestedExpiry(packet: Connect): number {
  if (packet.protocolVersion === 5) return packet.properties.sessionExpiryInterval ?? 0
  return packet.cleanStart ? 0 : neverExpires
}

function applyConnect(core: CoreState, connection: Connection, packet: Connect, nowMs: number): void {
  const { limits } = core
  const { receiveMaximum, topicAliasMaximum } = packet.properties
  connection.sendMaximum = receiveMaximum ?? receiveMaximumDefault
  const aliases = Math.min(topicAliasMaximum ?? 0, limits.sentTopicAliasMaximum)
  if (aliases > 0) connection.outboundAliases = new OutboundTopicAliases(aliases)
  const seconds = keepAliveSeconds(core, packet)
  connection.silenceMsMax = seconds * 1500
  if (seconds > 0) {
    core.deadlines.add({ atMs: nowMs + connection.silenceMsMax, type: 'keep-alive', connection })
  }
}

/** A 5.0 client is told of a lower limit; a 3.1.1 client cannot be, so its own wish holds [MQTT-3.2.2-21]. */
function keepAliveSeconds(core: CoreState, packet: Connect): number {
  const wanted = packet.keepAliveSeconds
  const most = core.limits.keepAliveSecondsMax
  if (packet.protocolVersion !== 5 || most === 0) return wanted
  return wanted === 0 || wanted > most ? most : wanted
}

/** Announces every limit a client must keep to. */
function connackProperties(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Connect,
  authenticationData: Uint8Array | null,
): ConnackProperties {
  const { limits } = core
  const properties: ConnackProperties = {
    receiveMaximum: limits.receiveMaximum,
    maximumPacketSize: limits.packetBytesMax,
    topicAliasMaximum: limits.topicAliasMaximum,
  }
  if (session.expiryInterval !== (packet.properties.sessionExpiryInterval ?? 0)) {
    properties.sessionExpiryInterval = session.expiryInterval
  }
  if (!connection.hasOwnClientIdentifier) properties.assignedClientIdentifier = session.clientIdentifier
  const seconds = keepAliveSeconds(core, packet)
  if (seconds !== packet.keepAliveSeconds) properties.serverKeepAlive = seconds
  const prefix = core.options.responseTopicPrefix
  if (packet.properties.requestResponseInformation === true && prefix !== null) {
    const responseTopic = `${prefix}${session.clientIdentifier}`
    const parsed = parseTopicFilter(responseTopic, limits)
    if (parsed.type === 'filter' && !parsed.hasWildcard) properties.responseInformation = responseTopic
  }
  if (connection.authenticationMethod !== null) {
    properties.authenticationMethod = connection.authenticationMethod
    if (authenticationData !== null) properties.authenticationData = authenticationData
  }
  return properties
}
