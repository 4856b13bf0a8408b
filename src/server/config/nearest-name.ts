/**
 * The name somebody probably meant: one that begins as it was written, or takes the fewest changes of a letter.
 */

/** The nearest of `names`, or null if none is near enough to be worth suggesting. Letter case does not count. */
export function nearestName(written: string, names: readonly string[]): string | null {
  const far = Math.max(2, Math.floor(written.length / 3)) + 1
  let nearest: string | null = null
  let best = far
  for (const name of names) {
    const distance = editDistance(written.toLowerCase(), name.toLowerCase(), far)
    if (distance >= best) continue
    best = distance
    nearest = name
  }
  return nearest ?? names.find((name) => written.length >= 4 && name.startsWith(written)) ?? null
}

/** Letters to insert, delete, replace, or swap with a neighbour; texts whose lengths differ by `far` or more are that far apart. */
function editDistance(left: string, right: string, far: number): number {
  if (Math.abs(left.length - right.length) >= far) return far
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1]
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (isSame ? 0 : 1))
      const isSwapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (isSwapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1)
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return at(last, right.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
