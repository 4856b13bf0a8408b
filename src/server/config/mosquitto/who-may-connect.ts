/**
 * Who may connect by a mosquitto.conf, and what they may do: anonymous clients, users, the ACL file.
 *
 * Pabal has one set of users for all listeners. What differs between them is refused: the wider of the two would hold for both.
 */
import { resolve } from 'node:path'
import type { Conf } from './directives.ts'
import { type ConfListeners, identityOf } from './listener-urls.ts'
import type { Block, Directive } from './verdict.ts'

export interface WhoMayConnect {
  readonly allowAnonymous: boolean
  readonly allowAnonymousFrom: Directive | null
  readonly passwordFile: Directive | null
  readonly aclFile: Directive | null
  readonly refusals: readonly Refusal[]
}

export interface Refusal {
  /** The line it is about; null where there is none. */
  readonly directive: Directive | null
  readonly why: string
  readonly advice: string
}

interface Rules {
  /** Its clients are not known by their certificates: then users and anonymous clients say nothing to it. */
  readonly hasUsers: boolean
  readonly anonymous: Directive | null
  readonly allowAnonymous: boolean
  readonly passwordFile: Directive | null
  readonly aclFile: Directive | null
}

export function whoMayConnect(conf: Conf, { listeners, isLocalOnly }: ConfListeners): WhoMayConnect {
  const rules = listeners.map(({ block }) => rulesOf(conf, block, isLocalOnly))
  const [any = rulesOf(conf, { opens: null, given: new Map() }, isLocalOnly)] = rules
  const first = rules.find(({ hasUsers }) => hasUsers) ?? any
  const refusals: Refusal[] = []
  for (const [index, each] of rules.entries()) {
    const difference = differenceOf(first, each)
    if (difference === null) continue
    const why = `${difference} is not the same for all listeners, and Pabal has one set of users and rules for all`
    const advice = 'make it the same for all, or start a broker of its own for this listener'
    refusals.push({ directive: listeners[index]?.line ?? null, why, advice })
  }
  if (first.hasUsers && !first.allowAnonymous && first.passwordFile === null) {
    const why =
      'without allow_anonymous and without a password_file nobody may connect; Pabal would let in whoever is on this machine'
    const advice = 'name a password_file, or write allow_anonymous true'
    refusals.push({ directive: first.anonymous ?? listeners[0]?.line ?? null, why, advice })
  }
  return { ...first, allowAnonymousFrom: first.anonymous, refusals }
}

function rulesOf(conf: Conf, block: Block, isLocalOnly: boolean): Rules {
  const { given } = block
  const from = conf.isPerListener ? given : conf.global
  const anonymous = given.get('listener_allow_anonymous') ?? from.get('allow_anonymous') ?? null
  return {
    hasUsers: identityOf(block) === null,
    anonymous,
    allowAnonymous: anonymous === null ? isLocalOnly : anonymous.value === true,
    passwordFile: from.get('password_file') ?? null,
    aclFile: from.get('acl_file') ?? null,
  }
}

/** The name of what differs; null if nothing does. */
function differenceOf(left: Rules, right: Rules): string | null {
  const path = (directive: Directive | null) => (directive === null ? null : resolve(String(directive.value)))
  const haveUsers = left.hasUsers && right.hasUsers
  if (haveUsers && left.allowAnonymous !== right.allowAnonymous) return 'allow_anonymous'
  if (haveUsers && path(left.passwordFile) !== path(right.passwordFile)) return 'password_file'
  return path(left.aclFile) === path(right.aclFile) ? null : 'acl_file'
}
