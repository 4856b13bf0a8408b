/**
 * Which rows of a long list are in sight, and how much empty space stands for the others. All rows have one height.
 *
 * Browsers give an element some 33 million pixels of height at most, which is fewer than a million rows. Beyond that the space is
 * scaled: the scroll bar goes through all rows, and each pixel of it stands for more than one.
 */
export const rowHeight = 38
const overscan = 8
const pixelsMax = 15_000_000

export interface RowWindow {
  readonly first: number
  /** Behind the last row that is there. */
  readonly last: number
  /** Pixels. */
  readonly above: number
  readonly below: number
}

export function windowOf(rows: number, scrollTop: number, clientHeight: number): RowWindow {
  const inSight = Math.ceil(clientHeight / rowHeight)
  const whole = rows * rowHeight
  const height = Math.min(whole, pixelsMax)
  const top = Math.max(0, Math.min(scrollTop, height - clientHeight))
  const isScaled = whole > pixelsMax
  const share = isScaled ? top / (height - clientHeight) : 0
  const firstInSight = isScaled ? share * (rows - clientHeight / rowHeight) : top / rowHeight
  const first = Math.max(0, Math.floor(firstInSight) - overscan)
  const last = Math.min(rows, Math.floor(firstInSight) + inSight + overscan + 1)
  const above = isScaled ? Math.max(0, top - (firstInSight - first) * rowHeight) : first * rowHeight
  return { first, last, above, below: Math.max(0, height - above - (last - first) * rowHeight) }
}
