/**
 * Who answers a CONNECT that names no Authentication Method: MQTT 5.0 section 4.12.
 *
 * Where Authentication Methods alone are configured, a client cannot get round them by naming none.
 */
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { BrokerOptions } from '../options.ts'
import type { Authenticate } from './authentication.ts'

/** The `authenticate` a broker with these options uses. */
export function defaultAuthenticate(
  options: Pick<BrokerOptions, 'authenticate' | 'authenticationMethods' | 'allowAnonymous'>,
): Authenticate {
  if (options.authenticate !== undefined) return options.authenticate
  const methods = options.authenticationMethods ?? []
  if (methods.length === 0 || options.allowAnonymous === true) return () => true
  const names = methods.map((method) => method.name).join(', ')
  return () => ({
    type: 'refused',
    reasonCode: ReasonCode.NotAuthorized,
    reasonString: `this broker asks for an Authentication Method: ${names}`,
  })
}
