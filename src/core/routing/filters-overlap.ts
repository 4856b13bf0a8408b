/**
 * Whether two Topic Filters have a Topic Name in common. MQTT 5.0 section 4.7.
 */

/** Both are valid and without `$share/name/`. */
export function filtersOverlap(one: string, other: string): boolean {
  // A wildcard at the first level matches no Topic Name that begins with `$` [MQTT-4.7.2-1].
  if (beginsWithWildcard(one) && other.startsWith('$')) return false
  if (beginsWithWildcard(other) && one.startsWith('$')) return false
  const ones = one.split('/')
  const others = other.split('/')
  for (let level = 0; ; level++) {
    const left = ones[level]
    const right = others[level]
    // `#` stands for any number of levels, and for none.
    if (left === '#') return right !== undefined || isName(ones, others, level)
    if (right === '#') return left !== undefined || isName(ones, others, level)
    if (left === undefined || right === undefined) return left === right
    if (left !== right && left !== '+' && right !== '+') return false
  }
}

/** One of them ends here, the other goes on with `#`. `/#` and `+` would share the empty Topic Name, which there is not. */
function isName([one]: readonly string[], [other]: readonly string[], level: number): boolean {
  return level !== 1 || (one !== '' && other !== '')
}

function beginsWithWildcard(filter: string): boolean {
  return filter.startsWith('+') || filter.startsWith('#')
}
