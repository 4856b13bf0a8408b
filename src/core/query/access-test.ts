/**
 * What the access rules would say to a client that need not be there, and why.
 */
import type { AccessAction, Subject } from '../access/access-policy.ts'
import type { AccessRules } from '../access/access-rules.ts'

export interface AccessTest {
  readonly account: string
  readonly clientIdentifier: string
  /** Groups it would come with. */
  readonly groups: readonly string[]
  readonly action: AccessAction
  /** Without `$share/name/`. */
  readonly topic: string
  /** Null: the rules leave it to the permissions of accounts. */
  readonly allowed: boolean | null
  /** The rule that decides; null: none does. */
  readonly rule: string | null
  /** Of a Topic Filter that may be subscribed to: rules that keep a part of its messages back. */
  readonly except: readonly string[]
  /** Why, in words. */
  readonly reason: string
}

/** `topic` is a Topic Name for `publish` and `receive`, else a Topic Filter without `$share/name/`. */
export function testAccess(access: AccessRules | null, who: Subject, action: AccessAction, topic: string): AccessTest {
  const { account, clientIdentifier, groups } = who
  const asked = { account, clientIdentifier, groups: groups ?? [], action, topic }
  const asksBroker = action === 'observe' || action === 'admin'
  if (access === null) {
    const reason = asksBroker
      ? 'there are no access rules: the permissions of accounts decide'
      : 'there are no access rules: nobody is denied anything'
    return { ...asked, allowed: asksBroker ? null : true, rule: null, except: [], reason }
  }
  const { allowed, rule } = access.decide(who, action, topic)
  const except = action === 'subscribe' && allowed ? access.rightsOf(who).exceptions(topic) : []
  if (rule !== null) return { ...asked, allowed, rule, except, reason: 'this rule decides' }
  if (allowed) {
    const reason = 'an ACL file grants every Subscription: whether a message is delivered is decided as receive'
    return { ...asked, allowed, rule, except, reason }
  }
  const reason = asksBroker
    ? 'no rule says anything of it: the permissions of accounts decide'
    : 'no rule allows it, and what no rule allows is denied'
  return { ...asked, allowed: asksBroker ? null : false, rule, except, reason }
}
