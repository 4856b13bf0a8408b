/**
 * Access rules as an operator writes them, and the policy they make: who may do what, by account, client, group and role.
 *
 * A rule that denies wins over all that allow, wherever they stand; what no rule allows is denied.
 */
import {
  type AccessAction,
  type AccessPolicy,
  type AccessRule,
  accessActions,
} from '../../core/access/access-policy.ts'
import { parseTopicFilter } from '../../core/routing/topic-filter.ts'
import { formatPath } from '../config/key-path.ts'
import { describeValue } from '../config/reading.ts'
import { widestTopicLimits } from '../config/topic-values.ts'

/** What a rule says, without whom it concerns. */
export interface AccessStatement {
  /** What is allowed. `subscribe` is to receive, too. */
  readonly allow?: readonly AccessAction[]
  /** What is denied. A rule has one of the two. */
  readonly deny?: readonly AccessAction[]
  /** Topic Filters; a whole level may be `%u`, the account, or `%c`, the Client Identifier. */
  readonly topics?: readonly string[]
}

/** Whom a rule concerns: everybody, unless it says otherwise. */
export interface AccessSubject {
  /** Accounts: usually User Names. */
  readonly accounts?: readonly string[]
  /** Names of groups: whoever is in them, too. */
  readonly groups?: readonly string[]
  /** Those who did not log in, too. */
  readonly anonymous?: boolean
  /** Of these only the ones with such a Client Identifier. */
  readonly clients?: readonly string[]
}

/** One rule: what is allowed or denied, and to whom. What no rule allows is denied, and one that denies wins wherever it stands. */
export interface AccessRuleOptions extends AccessStatement, AccessSubject {
  /** Instead of `allow` or `deny` and `topics`: names of roles, whose rules all hold. */
  readonly roles?: readonly string[]
}

/** Its accounts; or, without any, whoever comes with it: by the claim of a token, or as a callback says. */
export interface AccessGroup {
  readonly name: string
  readonly accounts?: readonly string[]
}

/** Rules with the groups and roles that they name: docs/operating/configuration.md. */
export interface AccessOptions {
  readonly rules?: readonly AccessRuleOptions[]
  readonly groups?: readonly AccessGroup[]
  readonly roles?: readonly { readonly name: string; readonly rules: readonly AccessStatement[] }[]
}

/** What is wrong with a rule, and where: `rules`, 2, `topics`. */
export interface AccessFault {
  readonly path: readonly (string | number)[]
  readonly found: string
  readonly expected: string
  readonly advice: string
}

/** Makes the policy of a list of rules, for `createBroker`. @throws an Error that names everything that is wrong. */
export function accessRules(options: AccessOptions): AccessPolicy {
  const faults = accessFaults(options)
  if (faults.length === 0) return accessPolicy(options)
  const lines = faults.map(
    ({ path, found, expected, advice }) =>
      `${formatPath(['access', ...path])}: found ${found}, expected ${expected}; ${advice}`,
  )
  throw new Error(`the access rules cannot be used:\n${lines.join('\n')}`)
}

/** The policy of rules without a fault. */
export function accessPolicy({ rules = [], groups = [], roles = [] }: AccessOptions): AccessPolicy {
  const accountsOf = new Map(groups.map(({ name, accounts = null }) => [name, accounts]))
  const rulesOf = new Map(roles.map((role) => [role.name, role.rules]))
  const made = rules.flatMap((rule, index): AccessRule[] => {
    const place = `access.rules[${index}]`
    const subject = subjectOf(rule, accountsOf)
    if (rule.roles === undefined) return [{ ...statementOf(rule), ...subject, place }]
    return rule.roles.flatMap((role) =>
      (rulesOf.get(role) ?? []).map((statement, at) => ({
        ...statementOf(statement),
        ...subject,
        place: `${place}, role ${role}[${at}]`,
      })),
    )
  })
  const [denying, allowing] = [made.filter(({ allows }) => !allows), made.filter(({ allows }) => allows)]
  return { rules: [...denying, ...allowing], subscribing: 'rules' }
}

function statementOf({ allow, deny, topics = [] }: AccessStatement): Pick<AccessRule, 'allows' | 'actions' | 'topics'> {
  return { allows: deny === undefined, actions: deny ?? allow ?? [], topics }
}

function subjectOf(
  { accounts, groups, anonymous, clients }: AccessSubject,
  accountsOf: ReadonlyMap<string, readonly string[] | null>,
): Pick<AccessRule, 'accounts' | 'groups' | 'clients'> {
  const isForAll = accounts === undefined && groups === undefined && anonymous !== true
  const named = [...(accounts ?? []), ...(groups ?? []).flatMap((group) => accountsOf.get(group) ?? [])]
  const comeWith = (groups ?? []).filter((group) => accountsOf.get(group) === null)
  return {
    accounts: isForAll ? null : [...new Set(anonymous === true ? [...named, ''] : named)],
    ...(comeWith.length === 0 ? {} : { groups: comeWith }),
    clients: clients ?? null,
  }
}

/** What can be seen of rules that have the right shape. */
export function accessFaults({ rules = [], groups = [], roles = [] }: AccessOptions): AccessFault[] {
  const groupNames = groups.map(({ name }) => name)
  const roleNames = roles.map(({ name }) => name)
  return [
    ...twice('groups', groupNames),
    ...twice('roles', roleNames),
    ...roles.flatMap((role, at) =>
      role.rules.flatMap((rule, index) => statementFaults(['roles', at, 'rules', index], rule)),
    ),
    ...rules.flatMap((rule, index) => [
      ...(rule.roles === undefined
        ? statementFaults(['rules', index], rule)
        : roleFaults(['rules', index], rule, rule.roles, roleNames)),
      ...unknown(['rules', index, 'groups'], rule.groups ?? [], groupNames, 'group'),
    ]),
  ]
}

function statementFaults(path: readonly (string | number)[], { allow, deny, topics }: AccessStatement): AccessFault[] {
  const faults: AccessFault[] = []
  const actions = allow ?? deny ?? []
  if ((allow === undefined) === (deny === undefined)) {
    const found = allow === undefined ? 'neither allow nor deny' : 'both allow and deny'
    const advice = `write for example allow: [publish]; the actions are ${accessActions.join(', ')}`
    faults.push({ path, found, expected: 'one of the two', advice })
  } else if (actions.length === 0) {
    const advice = `name one of ${accessActions.join(', ')}`
    faults.push({ path, found: 'a rule without an action', expected: 'at least one', advice })
  }
  for (const action of actions) {
    if (accessActions.includes(action)) continue
    faults.push({
      path,
      found: describeValue(action),
      expected: `one of ${accessActions.join(', ')}`,
      advice: 'correct it',
    })
  }
  if (topics === undefined || topics.length === 0) {
    const advice = "for everything write topics: ['#']"
    faults.push({ path, found: 'a rule without topics', expected: 'at least one Topic Filter', advice })
  }
  for (const [index, topic] of (topics ?? []).entries()) {
    const fault = accessTopicFault(topic)
    if (fault !== null) faults.push({ path: [...path, 'topics', index], ...fault })
  }
  return faults
}

/** What is wrong with the Topic Filter of a rule; null if nothing is. */
export function accessTopicFault(topic: unknown): Omit<AccessFault, 'path'> | null {
  const expected = 'a Topic Filter, in which a whole level may be %u or %c'
  if (typeof topic !== 'string') return { found: describeValue(topic), expected, advice: 'write it as a text' }
  const parsed = parseTopicFilter(topic, widestTopicLimits)
  if (parsed.type === 'fault') {
    return { found: `${describeValue(topic)}: ${parsed.reason}`, expected, advice: 'for example devices/%c/#' }
  }
  if (parsed.shareName !== null) {
    const advice = `write ${parsed.filter}: a Shared Subscription may have what its filter matches`
    return { found: describeValue(topic), expected: 'a Topic Filter without $share/', advice }
  }
  const mixed = topic.split('/').find((level) => /%[cu]/.test(level) && level.length > 2)
  if (mixed === undefined) return null
  const advice = 'put a slash between it and the rest, as in devices/%c/state'
  return { found: describeValue(topic), expected: '%u or %c alone in its level', advice }
}

function roleFaults(
  path: readonly (string | number)[],
  { allow, deny, topics }: AccessStatement,
  roles: readonly string[],
  known: readonly string[],
): AccessFault[] {
  const faults = unknown([...path, 'roles'], roles, known, 'role')
  if (allow === undefined && deny === undefined && topics === undefined) return faults
  const expected = 'roles alone, or allow or deny with topics'
  return [
    ...faults,
    { path, found: 'roles, and what the rule itself allows or denies', expected, advice: 'make two rules of it' },
  ]
}

function unknown(
  path: readonly (string | number)[],
  names: readonly string[],
  known: readonly string[],
  what: string,
): AccessFault[] {
  const expected = known.length === 0 ? `a ${what}, of which there is none` : `one of ${known.join(', ')}`
  return names.flatMap((name, index) =>
    known.includes(name)
      ? []
      : [{ path: [...path, index], found: describeValue(name), expected, advice: `define it under access.${what}s` }],
  )
}

function twice(list: 'groups' | 'roles', names: readonly string[]): AccessFault[] {
  return names.flatMap((name, index) => {
    if (names.indexOf(name) === index) return []
    const found = `${describeValue(name)} once more`
    return [{ path: [list, index, 'name'], found, expected: 'each name once', advice: 'make one of the two' }]
  })
}
