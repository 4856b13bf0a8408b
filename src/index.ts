/**
 * The library's face: a broker inside your own process.
 */
export { type HttpAdminOptions, httpAdmin } from './admin/http-admin.ts'
export type { AccessAction, AccessPolicy } from './core/access/access-policy.ts'
export type { Ban, BanKind } from './core/access/ban-list.ts'
export type { BrokerEvent } from './core/event.ts'
export { defaultLimits, type Limits } from './core/limits.ts'
export type { CopyLedger, Ledger, MessageLedger, RuleLedger } from './core/query/ledger.ts'
export type { BacklogCounts, Subscriber } from './core/query/who-listens.ts'
export type { WhoTotals } from './core/query/who-totals.ts'
export type { TopicRuleOptions, WhenNobody } from './core/routing/topic-rule.ts'
export type { ClientIdentifierScope, WhenQueueFull } from './core/state.ts'
export {
  type AccessOptions,
  type AccessRuleOptions,
  type AccessStatement,
  type AccessSubject,
  accessRules,
} from './server/access/access-options.ts'
export { AclError, type AclFault, mosquittoAcl } from './server/access/mosquitto-acl.ts'
export type { AdminPart } from './server/admin-part.ts'
export type * from './server/authentication/authentication.ts'
export { hashPassword, PasswordHashError, verifyPassword } from './server/authentication/password-hash.ts'
export { type ScramLookup, type ScramOptions, scramSha256, scramSha512 } from './server/authentication/scram.ts'
export {
  formatScramCredential,
  makeScramCredential,
  parseScramCredential,
  type ScramCredential,
  ScramCredentialError,
  type ScramCredentialOptions,
} from './server/authentication/scram-credential.ts'
export type { BanOptions, Bans } from './server/bans/bans.ts'
export {
  type Broker,
  createBroker,
} from './server/embedded-broker.ts'
export type { BrokerEvents } from './server/host-events.ts'
export type { UpgradeOptions } from './server/host-upgrades.ts'
export type { LocalSubscribeOptions, MessageListener, ReceivedMessage } from './server/local-link.ts'
export type { LocalPublish, LocalSubscription, PublishResult } from './server/local-messages.ts'
export { SubscribeFault } from './server/local-subscriptions.ts'
export { OptionError, type OptionFault } from './server/option-faults.ts'
export {
  type BrokerOptions,
  defaultListen,
  type ObserverOptions,
  type TopicOptions,
} from './server/options.ts'
export type { ReloadResult } from './server/reload.ts'
export type { AdminRequestEvent } from './server/requests/admin-request.ts'
export { memory, type SqliteOptions, type Store, sqlite } from './server/stores.ts'
