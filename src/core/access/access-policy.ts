/**
 * Who may do what, as plain facts: rules in order, of which the first that concerns a client, an action and a Topic Name decides.
 *
 * Whoever makes a policy puts the rules in their order: where a rule that denies wins wherever it stands, it comes first.
 */

/** `receive` is to get a message; who may `subscribe` may receive, too, and so may not who may not. */
export type AccessAction = 'publish' | 'subscribe' | 'receive' | 'observe' | 'admin'

export const accessActions: readonly AccessAction[] = Object.freeze([
  'publish',
  'subscribe',
  'receive',
  'observe',
  'admin',
])

export interface AccessRule {
  readonly allows: boolean
  readonly actions: readonly AccessAction[]
  /**
   * Topic Filters without `$share/name/`, in which a whole level may be `%u`, the account, or `%c`, the Client Identifier. For
   * `observe` and `admin` the filter `#` is everything there is, also what begins with `$`.
   */
  readonly topics: readonly string[]
  /** Null: whoever it is. The account of those who do not log in is empty. */
  readonly accounts: readonly string[] | null
  /** Groups that clients come with when they log in: it is for them, too. Default: none. */
  readonly groups?: readonly string[]
  /** Client Identifiers; null: any. Both must fit. */
  readonly clients: readonly string[] | null
  /**
   * What `%u` and `%c` are. Default: what is said above. `literal`: text like any other. `pattern`: as in mosquitto's patterns, which
   * allow nothing to those whose account or Client Identifier holds a wildcard, and whose `%u` is nobody who did not log in.
   */
  readonly identifiers?: 'literal' | 'pattern'
  /** Where it stands, for people: `access.rules[2]`. */
  readonly place: string
}

/** Access rules in the order in which they are looked at; `accessRules` and `mosquittoAcl` make one. */
export interface AccessPolicy {
  readonly rules: readonly AccessRule[]
  /**
   * `rules`: a Topic Filter may be subscribed to if a rule allows all it can match. `always`: whoever asks is granted it, as
   * mosquitto does, and each message is decided on when it comes.
   */
  readonly subscribing: 'rules' | 'always'
}

/** Whom it concerns. */
export interface Identity {
  readonly account: string
  readonly clientIdentifier: string
}

/**
 * The same with the groups it came with when it logged in; without them it came with none. Null: not known, as of a Session that was
 * stored and of who published a Retained Message. Nothing is kept back then that one of its groups might be allowed: it is looked
 * at again when the client is there.
 */
export interface Subject extends Identity {
  readonly groups?: readonly string[] | null
}

export interface Verdict {
  readonly allowed: boolean
  /** The rule that decides, in words; null: none does, and what no rule allows is denied. */
  readonly rule: string | null
}
