/**
 * Whether one Topic Filter matches everything another one can match. MQTT 5.0 section 4.7.
 */

/**
 * True if every Topic Name that `narrow` matches is matched by `wide` too. Both are valid and without `$share/name/`.
 *
 * As with Topic Names, what begins with a wildcard never reaches what begins with `$` [MQTT-4.7.2-1].
 */
export function topicFilterCovers(wide: string, narrow: string): boolean {
  const wideLevels = wide.split('/')
  const narrowLevels = levelsOf(narrow)
  const [first = ''] = wideLevels
  if ((first === '+' || first === '#') && narrow.startsWith('$')) return false
  for (const [index, level] of wideLevels.entries()) {
    if (level === '#') return true
    const covered = narrowLevels[index]
    if (covered === undefined || covered === '#') return false
    if (level !== '+' && level !== covered) return false
  }
  return narrowLevels.length === wideLevels.length
}

/** No Topic Name is empty: `#` matches no more than `+/#`, and `/#` no more than `/+/#`. */
function levelsOf(filter: string): readonly string[] {
  if (filter === '#') return ['+', '#']
  return filter === '/#' ? ['', '+', '#'] : filter.split('/')
}
