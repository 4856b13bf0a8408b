/**
 * What a client logs in with, and what whoever fails is told.
 */
import { ReasonCode } from '../../src/protocol/reason-code.ts'
import type { AuthenticationRequest, AuthenticationVerdict } from '../../src/server/authentication/authentication.ts'

/** What a client asks for that sends a CONNECT with these. */
export function connect(userName: string | null, password: string | null): AuthenticationRequest {
  return {
    clientIdentifier: 'test',
    userName,
    password: password === null ? null : Buffer.from(password),
    protocolVersion: 5,
    remoteAddress: '127.0.0.1:50312',
    listener: 'tcp://127.0.0.1:1883',
    userProperties: [],
  }
}

/** What is said of each login that fails, whatever was wrong. */
export const refused: AuthenticationVerdict = {
  type: 'refused',
  reasonCode: ReasonCode.BadUserNameOrPassword,
  reasonString: 'the user name or the password is wrong',
}
