/**
 * An access policy made ready: which rules concern a client is looked up once for each Session, and kept with it.
 *
 * Where there is no policy nothing here is called.
 */
import type { Message } from '../message.ts'
import { isPrivateReply } from '../routing/reply.ts'
import type { AccessAction, AccessPolicy, AccessRule, Identity, Subject, Verdict } from './access-policy.ts'
import { Rights } from './rights.ts'

/** A client with its Session, which remembers its rights. */
export interface Holder extends Subject {
  rights: SessionRights | null
  /** Code in this process: nothing is denied to it. */
  readonly isLocal: boolean
}

/** Rights, and of which rules: others may be in force by now. */
export interface SessionRights {
  readonly of: AccessRules
  readonly rights: Rights
}

const allowedWithoutRule: Verdict = Object.freeze({ allowed: true, rule: null })
const publishersMax = 1000
const sharedMax = 10_000

export class AccessRules {
  readonly policy: AccessPolicy
  /** In order; by account, and those that name none. */
  readonly #byAccount = new Map<string, number[]>()
  /** By a group that clients log in with. */
  readonly #byGroup = new Map<string, number[]>()
  readonly #forAnybody: number[] = []
  readonly #publishers = new Map<string, Rights>()
  /** By account and groups, while no rule looks at the Client Identifier. */
  readonly #shared = new Map<string, Rights>()
  readonly #dependsOnClient: boolean

  constructor(policy: AccessPolicy) {
    this.policy = policy
    this.#dependsOnClient = policy.rules.some(dependsOnClient)
    for (const [index, { accounts, groups = [] }] of policy.rules.entries()) {
      if (accounts === null) this.#forAnybody.push(index)
      else for (const account of new Set(accounts)) add(this.#byAccount, account, index)
      for (const group of new Set(groups)) add(this.#byGroup, group, index)
    }
  }

  /** Whether it matters to anybody which groups a client came with. */
  get dependsOnGroups(): boolean {
    return this.#byGroup.size > 0
  }

  /** What a client may do that has no Session yet. Where it is the same for all clients of an account, it is made once. */
  rightsOf(subject: Subject): Rights {
    const key = this.#keyOf(subject)
    const known = this.#shared.get(key)
    if (known !== undefined) return known
    const rules = this.#rulesFor(subject)
    const rights = new Rights(rules, subject)
    if (this.#dependsOnClient) return rights
    if (this.#shared.size >= sharedMax) this.#shared.clear()
    this.#shared.set(key, rights)
    return rights
  }

  #keyOf({ account, groups = [] }: Subject): string {
    if (!this.dependsOnGroups || groups?.length === 0) return account
    // No group has an empty name.
    return groups === null ? `${account}\u0000\u0000` : `${account}\u0000${groups.join('\u0000')}`
  }

  #rulesFor({ account, clientIdentifier, groups = [] }: Subject): AccessRule[] {
    const found = new Set([...(this.#byAccount.get(account) ?? []), ...this.#forAnybody])
    for (const index of this.#indexesOf(groups)) found.add(index)
    const rules: AccessRule[] = []
    for (const index of [...found].sort((one, other) => one - other)) {
      const rule = this.policy.rules[index]
      if (rule === undefined) continue
      if (rule.clients === null || rule.clients.includes(clientIdentifier)) rules.push(rule)
    }
    return rules
  }

  /** Of rules for groups: of groups that are not known those that allow. */
  #indexesOf(groups: readonly string[] | null): number[] {
    if (groups !== null) return groups.flatMap((group) => this.#byGroup.get(group) ?? [])
    return [...this.#byGroup.values()].flat().filter((index) => this.policy.rules[index]?.allows === true)
  }

  #rightsOf(holder: Holder): Rights {
    if (holder.rights?.of !== this) holder.rights = { of: this, rights: this.rightsOf(holder) }
    return holder.rights.rights
  }

  /** What the rules say of anything a client may ask for. `topic` is a Topic Name, or a Topic Filter without `$share/name/`. */
  decide(who: Subject | Holder, action: AccessAction, topic: string): Verdict {
    const rights = 'rights' in who ? this.#rightsOf(who) : this.rightsOf(who)
    switch (action) {
      case 'publish':
      case 'receive':
        return rights.ofTopicName(action, topic)
      case 'subscribe':
        // Nobody but itself gets a reply to its own requests.
        if (this.policy.subscribing === 'always' || isPrivateReply(topic)) return allowedWithoutRule
        return rights.ofTopicFilter(topic)
      case 'observe':
      case 'admin':
        return rights.ofBroker(action, topic)
    }
  }

  /** Whether a message on this Topic Name may be handed to a client. */
  receiving(holder: Holder, topicName: string): Verdict {
    return this.#rightsOf(holder).receiving(topicName)
  }

  /** Whether who published a Retained Message is still allowed to. */
  mayStand({ topicName, publisher }: Message): boolean {
    if (publisher === null) return true
    return this.#rightsOfPublisher(publisher).ofTopicName('publish', topicName).allowed
  }

  /** Few publish most of what is retained. */
  #rightsOfPublisher(publisher: Identity): Rights {
    const key = `${publisher.account}\u0000${publisher.clientIdentifier}`
    const known = this.#publishers.get(key)
    if (known !== undefined) return known
    const rights = this.rightsOf({ ...publisher, groups: null })
    if (this.#publishers.size >= publishersMax) this.#publishers.clear()
    this.#publishers.set(key, rights)
    return rights
  }

  publishing(holder: Holder, topicName: string): Verdict {
    return this.#rightsOf(holder).ofTopicName('publish', topicName)
  }
}

function add(table: Map<string, number[]>, name: string, index: number): void {
  const known = table.get(name)
  if (known === undefined) table.set(name, [index])
  else known.push(index)
}

function dependsOnClient({ clients, identifiers, topics }: AccessRule): boolean {
  if (clients !== null || identifiers === 'pattern') return true
  return identifiers !== 'literal' && topics.some((topic) => topic.includes('%c'))
}
