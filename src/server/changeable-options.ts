/**
 * What the core is told of the options that may change while it runs.
 */
import { IdentifierPatterns } from '../core/access/identifier-patterns.ts'
import { parseListenUrl } from '../transport/listen-url.ts'
import { namesClients } from './config/exposure.ts'
import type { BrokerOptions } from './options.ts'
import { deadLetterTopicName, type OptionSet } from './reload.ts'

/** Whether clients have names that are checked. */
export function logsIn({ authenticate, authenticationMethods = [] }: BrokerOptions): boolean {
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
