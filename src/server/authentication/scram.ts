/**
 * SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677), server side, as an Authentication Method of MQTT 5.0 section 4.12: CONNECT carries
 * client-first, AUTH server-first, AUTH client-final, CONNACK server-final. The password never crosses the network.
 *
 * Refusals use codes that CONNACK and, for re-authentication, DISCONNECT both have [MQTT-4.12.0-4] [MQTT-4.12.1-2]:
 * 0x82 Protocol error if the data is no SCRAM message, 0x8C Bad authentication method if the client insists on channel
 * binding (which is another method), 0x87 Not authorized for everything a SCRAM message can fail to prove. (0x86 would
 * be closer for a wrong password, but DISCONNECT does not have it.)
 *
 * A user that does not exist meets the same steps, the same time and the same refusal as a wrong password.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { saslprep } from '@mongodb-js/saslprep'
import { ReasonCode } from '../../protocol/reason-code.ts'
import type {
  AuthenticationRequest,
  EnhancedAuthenticationExchange,
  EnhancedAuthenticationMethod,
  EnhancedAuthenticationStep,
} from './authentication.ts'
import {
  defaultIterations,
  defaultSaltBytes,
  hmac,
  keyBytes,
  type ScramCredential,
  type ScramHash,
  scramMethods,
} from './scram-credential.ts'
import { type ClientFirst, parseClientFinal, parseClientFirst, ScramSyntaxError } from './scram-message.ts'

/** `userName` is prepared with SASLprep. Null: there is no such user. */
export type ScramLookup = (userName: string) => ScramCredential | null | Promise<ScramCredential | null>

/** What a client sees of a credential before it has proved anything. */
export interface ScramShape {
  iterations: number
  saltBytes: number
}

/** How SCRAM goes: RFC 5802, and RFC 7677 for SHA-256. */
export interface ScramOptions {
  /** The account of a user who has logged in. Default: the User Name. */
  account?: (userName: string) => string
  /** Where nonces come from; tests put the ones of the RFC here. Default: `randomBytes` of node:crypto. */
  nonce?: () => string
  /** The shapes of the real credentials: unknown users are shown one of them. Default: 4096 iterations, 16 bytes of salt. */
  shapes?: readonly ScramShape[]
  /** Makes the salts of unknown users. Default: random for each method made, so they change with a restart. */
  decoySecret?: Uint8Array
}

/** Makes the method from a look-up of credentials for SCRAM-SHA-256. */
export function scramSha256(lookup: ScramLookup, options: ScramOptions = {}): EnhancedAuthenticationMethod {
  return scram('sha256', lookup, options)
}

/** The same for SCRAM-SHA-512. */
export function scramSha512(lookup: ScramLookup, options: ScramOptions = {}): EnhancedAuthenticationMethod {
  return scram('sha512', lookup, options)
}

/** A credential for another hash is none. */
export function scram(hash: ScramHash, lookup: ScramLookup, options: ScramOptions): EnhancedAuthenticationMethod {
  const name = scramMethods.find((method) => method.hash === hash)?.name ?? ''
  const server: ScramServer = {
    hash,
    lookup,
    account: options.account ?? ((userName) => userName),
    nonce: options.nonce ?? (() => randomBytes(18).toString('base64')),
    shapes: options.shapes ?? [],
    decoySecret: options.decoySecret ?? randomBytes(keyBytes.sha256),
  }
  return { name, begin: (request) => new ScramExchange(server, request) }
}

interface ScramServer {
  hash: ScramHash
  lookup: ScramLookup
  account: (userName: string) => string
  nonce: () => string
  shapes: readonly ScramShape[]
  decoySecret: Uint8Array
}

/** What must be remembered between server-first and client-final. */
interface Challenge {
  first: ClientFirst
  userName: string
  credential: ScramCredential
  nonce: string
  serverFirst: string
}

class ScramExchange implements EnhancedAuthenticationExchange {
  private readonly server: ScramServer
  private readonly request: AuthenticationRequest
  private expects: 'first-or-nothing' | 'first' | 'final' | 'nothing' = 'first-or-nothing'
  private challenge: Challenge | null = null

  constructor(server: ScramServer, request: AuthenticationRequest) {
    this.server = server
    this.request = request
  }

  async step(data: Uint8Array | null): Promise<EnhancedAuthenticationStep> {
    const expected = this.expects
    // Any answer but the ones below ends the exchange; a second step must not meet the state of the first.
    this.expects = 'nothing'
    try {
      if (expected === 'first-or-nothing' && (data === null || data.length === 0)) {
        // SASL lets a client wait for an empty challenge before it speaks: RFC 4422 section 3.
        this.expects = 'first'
        return { type: 'continue', data: Buffer.alloc(0) }
      }
      if (data === null) throw new ScramSyntaxError('Authentication Data is missing')
      if (expected === 'first' || expected === 'first-or-nothing') return await this.receiveFirst(data)
      if (expected === 'final') return this.receiveFinal(data)
      throw new ScramSyntaxError('the exchange is over')
    } catch (error) {
      if (error instanceof ScramSyntaxError) return refuse(ReasonCode.ProtocolError, `SCRAM: ${error.message}`)
      throw error
    }
  }

  private async receiveFirst(data: Uint8Array): Promise<EnhancedAuthenticationStep> {
    const first = parseClientFirst(data)
    if (first.channelBinding === 'p') {
      return refuse(ReasonCode.BadAuthenticationMethod, 'SCRAM: channel binding is not supported; begin with n,,')
    }
    const userName = prepareUserName(first.userName)
    const { authorizationIdentity } = first
    if (authorizationIdentity !== null && prepareUserName(authorizationIdentity) !== userName) {
      return refuse(ReasonCode.NotAuthorized, 'SCRAM: nobody may act for another user')
    }
    // `authorize` is told the User Name of CONNECT, so it must not be one the client has not proved.
    if (this.request.userName !== null && this.request.userName !== userName) {
      return refuse(ReasonCode.NotAuthorized, 'SCRAM: the User Name of CONNECT is another one than that of SCRAM')
    }
    const known = await this.server.lookup(userName)
    const found = known?.hash === this.server.hash ? known : null
    const credential = found ?? makeDecoy(this.server, userName)
    const nonce = first.nonce + this.server.nonce()
    const salt = Buffer.from(credential.salt).toString('base64')
    const serverFirst = `r=${nonce},s=${salt},i=${credential.iterations}`
    this.challenge = { first, userName, credential, nonce, serverFirst }
    this.expects = 'final'
    return { type: 'continue', data: Buffer.from(serverFirst) }
  }

  private receiveFinal(data: Uint8Array): EnhancedAuthenticationStep {
    const { challenge } = this
    if (challenge === null) throw new ScramSyntaxError('the exchange has not begun')
    const final = parseClientFinal(data)
    const { hash } = this.server
    const size = keyBytes[hash]
    if (final.proof.length !== size) throw new ScramSyntaxError(`the proof must have ${size} bytes`)
    const { first, credential } = challenge
    const authMessage = `${first.bare},${challenge.serverFirst},${final.withoutProof}`
    const signature = hmac(hash, credential.storedKey, authMessage)
    const clientKey = exclusiveOr(final.proof, signature)
    const storedKey = createHash(hash).update(clientKey).digest()
    const isProved = timingSafeEqual(storedKey, credential.storedKey)
    const isThisExchange = final.nonce === challenge.nonce && final.channelBinding.equals(Buffer.from(first.header))
    if (!isProved || !isThisExchange) {
      return refuse(ReasonCode.NotAuthorized, 'SCRAM: the user name or the password is wrong')
    }
    const serverSignature = hmac(hash, credential.serverKey, authMessage).toString('base64')
    return {
      type: 'accepted',
      account: this.server.account(challenge.userName),
      data: Buffer.from(`v=${serverSignature}`),
    }
  }
}

/** The form of a User Name that SCRAM credentials are looked up by. @throws ScramSyntaxError */
export function prepareUserName(userName: string): string {
  let prepared: string
  try {
    prepared = saslprep(userName, { allowUnassigned: true })
  } catch {
    throw new ScramSyntaxError('the user name has characters that SASLprep forbids')
  }
  if (prepared === '') throw new ScramSyntaxError('the user name is empty')
  return prepared
}

/** The same name gets the same salt each time, as a real user would, and no proof fits. */
function makeDecoy(server: ScramServer, userName: string): ScramCredential {
  const seed = hmac('sha256', server.decoySecret, userName)
  const shape = server.shapes[seed.readUInt32BE(0) % Math.max(1, server.shapes.length)]
  const saltSource = createHash('sha512').update(seed).digest()
  const size = keyBytes[server.hash]
  return {
    hash: server.hash,
    iterations: shape?.iterations ?? defaultIterations,
    salt: saltSource.subarray(0, shape?.saltBytes ?? defaultSaltBytes),
    storedKey: randomBytes(size),
    serverKey: randomBytes(size),
  }
}

function exclusiveOr(left: Buffer, right: Buffer): Buffer {
  const result = Buffer.alloc(left.length)
  for (let index = 0; index < left.length; index++) result[index] = (left[index] ?? 0) ^ (right[index] ?? 0)
  return result
}

function refuse(reasonCode: ReasonCode, reasonString: string): EnhancedAuthenticationStep {
  return { type: 'refused', reasonCode, reasonString }
}
