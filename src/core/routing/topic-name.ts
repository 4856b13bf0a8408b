/**
 * Topic Names: what makes one valid. MQTT 5.0 section 4.7, 3.1.1 section 4.7.
 *
 * Every check is one pass over the text, whatever it holds: 32,767 slashes cost no more than as many letters.
 */

/** The two limits a Topic Name or Topic Filter has to keep; `Limits` has both. */
export interface TopicLimits {
  /** UTF-8 bytes. */
  readonly topicBytesMax: number
  readonly topicLevelsMax: number
}

/** What is wrong with a text, and which statement of the standard says so. */
export interface TopicTextFault {
  /** A sentence for a human. */
  readonly reason: string
  readonly statement: string
  /** The limit that is broken; null if it is none. */
  readonly limit: keyof TopicLimits | null
}

const slash = 0x2f
const plus = 0x2b
const hash = 0x23
const dollar = 0x24

const reservedPrefixes = ['$SYS/', '$share/', '$pabal/']

/** Topic Names that are the broker's own: what a client may publish there, it says itself. */
export function isReserved(topicName: string): boolean {
  return topicName.charCodeAt(0) === dollar && reservedPrefixes.some((prefix) => topicName.startsWith(prefix))
}

/** Says in a sentence what is wrong with a Topic Name; null if nothing is. */
export function topicNameFault(topicName: string, limits: TopicLimits): string | null {
  const fault = topicTextFault('Topic Name', topicName, limits)
  return fault === null ? null : fault.reason
}

/** The rules Topic Names and Topic Filters share, and for a Topic Name that it has no wildcard. */
export function topicTextFault(
  kind: 'Topic Name' | 'Topic Filter',
  text: string,
  limits: TopicLimits,
): TopicTextFault | null {
  if (text.length === 0) {
    return { reason: `the ${kind} is empty; it needs at least one character`, statement: 'MQTT-4.7.3-1', limit: null }
  }
  // Before the loop, so that the loop is never longer than the limit.
  const bytes = Buffer.byteLength(text)
  if (bytes > limits.topicBytesMax) {
    const reason = `the ${kind} has ${bytes} bytes; at most ${limits.topicBytesMax} are allowed`
    return { reason, statement: 'MQTT-4.7.3-3', limit: 'topicBytesMax' }
  }
  const wildcardsAllowed = kind === 'Topic Filter'
  let levels = 1
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === slash) {
      levels += 1
    } else if (code === 0) {
      return { reason: `the ${kind} holds the character U+0000`, statement: 'MQTT-4.7.3-2', limit: null }
    } else if ((code === plus || code === hash) && !wildcardsAllowed) {
      const reason = `the ${kind} holds "${text[index]}"; wildcards are for Topic Filters only`
      return { reason, statement: 'MQTT-3.3.2-2', limit: null }
    }
  }
  if (levels > limits.topicLevelsMax) {
    const reason = `the ${kind} has ${levels} levels; at most ${limits.topicLevelsMax} are allowed`
    return { reason, statement: 'MQTT-4.7.3-3', limit: 'topicLevelsMax' }
  }
  // The decoder lets no surrogate in; a host that publishes or subscribes from code can.
  if (!text.isWellFormed()) {
    return {
      reason: `the ${kind} holds half of a surrogate pair, which UTF-8 cannot carry`,
      statement: 'MQTT-1.5.4-1',
      limit: null,
    }
  }
  return null
}
