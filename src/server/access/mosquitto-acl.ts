/**
 * mosquitto's ACL file, as it is: `topic [read|write|readwrite|deny] FILTER`, `user NAME`, `pattern [...] FILTER`, `#` comments.
 *
 * As with mosquitto, lines before the first `user` hold for those who do not log in; for each user what is denied comes first,
 * patterns come last, and what no line allows is denied: an empty file denies everything (CVE-2018-12550). Subscribing is granted;
 * what is delivered is decided message by message. A line that cannot be read is a fault, and nothing is used of such a file.
 */
import type { AccessAction, AccessPolicy, AccessRule } from '../../core/access/access-policy.ts'
import { describeValue } from '../config/reading.ts'
import { accessTopicFault } from './access-options.ts'

/** A line that cannot be read; line and column count from 1. */
export interface AclFault {
  readonly line: number
  readonly column: number
  readonly found: string
  readonly expected: string
  readonly advice: string
}

/** An ACL file that cannot be read, with every line that is wrong. */
export class AclError extends Error {
  readonly faults: readonly AclFault[]

  constructor(name: string, faults: readonly AclFault[]) {
    const lines = faults.map(
      ({ line, column, found, expected, advice }) =>
        `${name}:${line}:${column} found ${found}, expected ${expected}; ${advice}`,
    )
    super(`the ACL file cannot be used:\n${lines.join('\n')}`)
    this.name = 'AclError'
    this.faults = faults
  }
}

const actionsOf: ReadonlyMap<string, readonly AccessAction[]> = new Map([
  ['read', ['receive']],
  ['write', ['publish']],
  ['readwrite', ['publish', 'receive']],
  ['deny', ['publish', 'receive']],
])

/** The policy of an ACL file; `name` is what verdicts call the file. @throws AclError with every line that cannot be read. */
export function mosquittoAcl(text: string, name = 'acl'): AccessPolicy {
  const faults: AclFault[] = []
  const topics: AccessRule[] = []
  const patterns: AccessRule[] = []
  let user = ''
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.startsWith('#')) continue
    const read = readLine(line, `${name}:${index + 1}`)
    if (read === null) continue
    if (read.type === 'fault') faults.push({ line: index + 1, ...read.fault })
    else if (read.type === 'user') user = read.user
    else if (read.isPattern) patterns.push(read.rule)
    else topics.push({ ...read.rule, accounts: [user] })
  }
  if (faults.length > 0) throw new AclError(name, faults)
  const [denied, allowed] = [(rule: AccessRule) => !rule.allows, (rule: AccessRule) => rule.allows]
  const rules = [
    topics.filter(denied),
    topics.filter(allowed),
    patterns.filter(denied),
    patterns.filter(allowed),
  ].flat()
  return { rules, subscribing: 'always' }
}

type Line =
  | { readonly type: 'rule'; readonly rule: AccessRule; readonly isPattern: boolean }
  | { readonly type: 'user'; readonly user: string }
  | { readonly type: 'fault'; readonly fault: Omit<AclFault, 'line'> }

const expectedLine = 'topic, pattern or user, or a comment that begins with #'

/** Null for a line that says nothing. */
function readLine(line: string, place: string): Line | null {
  const column = line.search(/[^ ]|$/) + 1
  // Whatever else parts lines somewhere (a CR alone, U+2028) is a character like any other: no line may be passed over for it.
  const [word = ''] = line.slice(column - 1).split(' ', 1)
  if (line.trim() === '') return null
  const rest = line
    .slice(column - 1 + word.length)
    .replace(/^ +/, '')
    .trimEnd()
  if (word !== 'topic' && word !== 'pattern' && word !== 'user') {
    const isTab = word.includes('\t')
    const advice = isTab ? 'put a space where there is a tab' : `correct it, or put # at the beginning of the line`
    return fault(column, describeValue(isTab ? word.replaceAll('\t', ' ') : word), expectedLine, advice)
  }
  const at = line.length - line.slice(column - 1 + word.length).trimStart().length + 1
  if (word === 'user') {
    if (rest === '') return fault(column, 'user without a name', 'user NAME', 'add the User Name, or remove the line')
    return { type: 'user', user: rest }
  }
  return readTopic(word, rest, at, place)
}

function readTopic(word: 'topic' | 'pattern', rest: string, at: number, place: string): Line {
  if (rest === '') {
    return fault(
      at,
      `${word} without a Topic Filter`,
      `${word} [read|write|readwrite|deny] FILTER`,
      'add it, or remove the line',
    )
  }
  const [access = ''] = rest.split(' ', 1)
  const named = rest.slice(access.length).replace(/^ +/, '')
  const topic = named === '' ? rest : named
  const actions = actionsOf.get(named === '' ? 'readwrite' : access)
  if (actions === undefined) {
    const advice = 'a Topic Filter with a space in it needs one of them in front'
    return fault(at, describeValue(access), 'read, write, readwrite or deny', advice)
  }
  // In a `topic` line %u and %c stand for themselves.
  const wrong = accessTopicFault(word === 'topic' ? topic.replaceAll('%', '_') : topic)
  if (wrong !== null) {
    const column = at + rest.length - topic.length
    return fault(column, wrong.found, word === 'topic' ? 'a Topic Filter' : wrong.expected, wrong.advice)
  }
  const allows = access !== 'deny' || named === ''
  const isPattern = word === 'pattern'
  const whom = { accounts: null, clients: null, place, identifiers: isPattern ? 'pattern' : 'literal' } as const
  return { type: 'rule', isPattern, rule: { allows, actions, topics: [topic], ...whom } }
}

function fault(column: number, found: string, expected: string, advice: string): Line {
  return { type: 'fault', fault: { column, found, expected, advice } }
}
