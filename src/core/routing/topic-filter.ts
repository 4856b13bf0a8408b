/**
 * Topic Filters and Shared Subscriptions: reading one, and the reference rule of what it matches.
 * MQTT 5.0 sections 4.7 and 4.8.2.
 *
 * `topicFilterMatches` is the definition that `TopicTree` and `TopicNameTree` are tested against. Nothing here
 * normalises or replaces a character [MQTT-4.7.3-4].
 */
import { type TopicLimits, type TopicTextFault, topicTextFault } from './topic-name.ts'

export interface ParsedTopicFilter {
  readonly type: 'filter'
  /** The ShareName of `$share/name/filter`, else null. */
  readonly shareName: string | null
  /** What Topic Names are matched against: the text without `$share/name/`. */
  readonly filter: string
  readonly hasWildcard: boolean
}

export interface TopicFilterFault extends TopicTextFault {
  readonly type: 'fault'
}

const slash = 0x2f
const plus = 0x2b
const hash = 0x23
const dollar = 0x24
const sharePrefix = '$share/'

/**
 * Reads the Topic Filter of a SUBSCRIBE or UNSUBSCRIBE. The limits hold for the text as sent, `$share/name/` included.
 *
 * For 3.1.1, which has no Shared Subscriptions, the caller decides what a `shareName` means.
 */
export function parseTopicFilter(text: string, limits: TopicLimits): ParsedTopicFilter | TopicFilterFault {
  const textFault = topicTextFault('Topic Filter', text, limits)
  if (textFault !== null) return { type: 'fault', ...textFault }
  if (!text.startsWith(sharePrefix)) return parseUnshared(null, text)

  const shareNameEnd = text.indexOf('/', sharePrefix.length)
  const shareName = text.slice(sharePrefix.length, shareNameEnd < 0 ? text.length : shareNameEnd)
  if (shareName.length === 0) {
    return fault('MQTT-4.8.2-1', 'the share name after "$share/" is empty; it needs at least one character')
  }
  if (shareName.includes('+') || shareName.includes('#')) {
    return fault('MQTT-4.8.2-2', 'the share name holds a wildcard; it may not contain "+" or "#"')
  }
  if (shareNameEnd < 0 || shareNameEnd === text.length - 1) {
    return fault('MQTT-4.8.2-2', 'no Topic Filter follows the share name; the form is "$share/name/filter"')
  }
  return parseUnshared(shareName, text.slice(shareNameEnd + 1))
}

/** What Topic Names are matched against, of a valid `$share/name/filter`. */
export function unsharedFilter(sharedFilter: string): string {
  return sharedFilter.slice(sharedFilter.indexOf('/', sharePrefix.length) + 1)
}

function parseUnshared(shareName: string | null, filter: string): ParsedTopicFilter | TopicFilterFault {
  const last = filter.length - 1
  let hasWildcard = false
  for (let index = 0; index <= last; index += 1) {
    const code = filter.charCodeAt(index)
    if (code !== plus && code !== hash) continue
    hasWildcard = true
    if (code === hash && index !== last) {
      return fault('MQTT-4.7.1-1', `"#" is character ${index + 1} of ${last + 1}; it must be the last one`)
    }
    const startsLevel = index === 0 || filter.charCodeAt(index - 1) === slash
    const endsLevel = index === last || filter.charCodeAt(index + 1) === slash
    if (startsLevel && endsLevel) continue
    const wildcard = code === hash ? '"#"' : '"+"'
    const statement = code === hash ? 'MQTT-4.7.1-1' : 'MQTT-4.7.1-2'
    return fault(statement, `${wildcard} at character ${index + 1} shares its level; it must fill a whole level`)
  }
  return { type: 'filter', shareName, filter, hasWildcard }
}

function fault(statement: string, reason: string): TopicFilterFault {
  return { type: 'fault', reason, statement, limit: null }
}

/**
 * Whether a valid Topic Filter (without `$share/name/`) matches a valid Topic Name.
 *
 * `a/#` matches `a`; empty levels count; a filter that begins with a wildcard matches no name that begins with `$`
 * [MQTT-4.7.2-1].
 */
export function topicFilterMatches(filter: string, topicName: string): boolean {
  const first = filter.charCodeAt(0)
  if ((first === plus || first === hash) && topicName.charCodeAt(0) === dollar) return false

  let inFilter = 0
  let inName = 0
  for (;;) {
    const code = filter.charCodeAt(inFilter)
    if (code === hash) return true
    if (code === plus) {
      inFilter += 1
      while (inName < topicName.length && topicName.charCodeAt(inName) !== slash) inName += 1
    } else {
      while (inFilter < filter.length && filter.charCodeAt(inFilter) !== slash) {
        // Past the end of the name charCodeAt is NaN, which equals nothing.
        if (filter.charCodeAt(inFilter) !== topicName.charCodeAt(inName)) return false
        inFilter += 1
        inName += 1
      }
    }
    // The filter's level has ended; the name's must have, too.
    if (inName === topicName.length) {
      return inFilter === filter.length || filter.charCodeAt(inFilter + 1) === hash
    }
    if (inFilter === filter.length || topicName.charCodeAt(inName) !== slash) return false
    inFilter += 1
    inName += 1
  }
}
