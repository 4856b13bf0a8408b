/**
 * What the shell and the gatekeeper are told of the options.
 */
import { IdentifierPatterns } from '../core/access/identifier-patterns.ts'
import type { Store } from '../store/store.ts'
import { parseListenUrl } from '../transport/listen-url.ts'
import { defaultAuthenticate } from './authentication/default-authenticate.ts'
import { namesClients } from './config/exposure.ts'
import type { GatekeeperOptions } from './gatekeeper.ts'
import { type BrokerOptions, snapshotEveryBytesDefault } from './options.ts'
import { deadLetterTopicName, type OptionSet } from './reload.ts'
import { version } from './version.ts'

/** Whether clients have names that are checked. */
function logsIn({ authenticate, authenticationMethods = [] }: BrokerOptions): boolean {
  return authenticate !== undefined || authenticationMethods.length > 0
}

export function changeableOptions({ given, checked }: OptionSet) {
  return {
    ...checked,
    asksAuthentication: logsIn(given) || (given.listen ?? []).some((url) => namesClients(parseListenUrl(url))),
    authenticationMethods: new Set((given.authenticationMethods ?? []).map((method) => method.name)),
    access: given.access ?? null,
    asksAuthorization: given.authorize !== undefined || (given.access ?? null) !== null,
    responseTopicPrefix: given.responseTopicPrefix ?? null,
    clientIdentifierScope: given.clientIdentifierScope ?? 'broker',
    clientIdentifiers: given.clientIdentifiers === undefined ? null : new IdentifierPatterns(given.clientIdentifiers),
    whenQueueFull: given.whenQueueFull ?? 'spill',
    deadLetterTopicName: deadLetterTopicName(given),
  }
}

/** What the shell is told once. */
export function fixedOptions(given: BrokerOptions, { isDurable }: Store) {
  return {
    asksObservation: true,
    about: { version, heapBytes: () => process.memoryUsage().heapUsed },
    isDurable,
    snapshotEveryBytes: given.snapshotEveryBytes ?? snapshotEveryBytesDefault,
    acceptLoss: given.acceptLoss ?? false,
  }
}

/** What the gatekeeper has whatever the options are. */
export type Asks = Pick<GatekeeperOptions, 'access' | 'failedLogins' | 'reportFault'>

export function gatekeeperOptions(options: BrokerOptions, asks: Asks): GatekeeperOptions {
  const { authorize, authorizeReceive, authenticationMethods = [], permissions = {} } = options
  const authenticate = logsIn(options) ? defaultAuthenticate(options) : undefined
  return { ...asks, authenticate, authorize, authorizeReceive, authenticationMethods, permissions }
}
