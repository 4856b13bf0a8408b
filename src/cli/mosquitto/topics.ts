/**
 * Topic Names and Topic Filters as the command line checks them before anything is sent. MQTT 5.0 section 4.7.
 */
const bytesMax = 65_535

/** No wildcard, and not longer than a string can be. The empty one is let through: the send refuses it. */
export function isTopicName(text: string): boolean {
  return !/[+#]/.test(text) && Buffer.byteLength(text) <= bytesMax
}

/** `+` alone in its level, `#` alone in the last one. */
export function isTopicFilter(text: string): boolean {
  if (Buffer.byteLength(text) > bytesMax) return false
  const levels = text.split('/')
  return levels.every((level, index) => {
    if (level === '#') return index === levels.length - 1
    return level === '+' || !/[+#]/.test(level)
  })
}

/** Whether messages to `topicName` would reach a Subscription to `filter` [MQTT-4.7.2-1]. */
export function matchesFilter(filter: string, topicName: string): boolean {
  if (filter === '' || topicName === '') return false
  if (topicName.startsWith('$') !== filter.startsWith('$')) return false
  const wanted = filter.split('/')
  const levels = topicName.split('/')
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true
    if (index >= levels.length) return false
    if (level !== '+' && level !== levels[index]) return false
  }
  return wanted.length === levels.length
}
