/**
 * Pulls the rows of a query, a page at a time and a slice at a time, as the texts they are sent as.
 */
import type { Query, Row } from '../../core/query/row.ts'
import type { Rows } from './request-handler.ts'
import { type Slices, stepsPerSlice } from './slices.ts'

export interface PageBounds {
  readonly rowsMax: number
  /** Of the texts; the row that crosses it is the last. */
  readonly bytesMax: number
}

export interface Page {
  /** JSON of each row. */
  readonly rows: readonly string[]
  readonly isLast: boolean
}

export async function pullPage(rows: Rows, slices: Slices, { rowsMax, bytesMax }: PageBounds): Promise<Page> {
  const found: string[] = []
  let bytes = 0
  for (;;) {
    await slices.turn()
    for (let step = 0; step < stepsPerSlice; step++) {
      const pulled = rows.next()
      const { done, value } = pulled instanceof Promise ? await pulled : pulled
      if (done === true) return { rows: found, isLast: true }
      const row = asRow(value)
      if (row === null) continue
      const text = JSON.stringify(row)
      found.push(text)
      bytes += Buffer.byteLength(text)
      if (found.length >= rowsMax || bytes >= bytesMax) return { rows: found, isLast: false }
    }
  }
}

/** Every row of a query, a slice at a time. */
export async function pullAll<Each extends Row>(query: Query<Each>, slices: Slices): Promise<Each[]> {
  const found: Each[] = []
  for (;;) {
    await slices.turn()
    for (let step = 0; step < stepsPerSlice; step++) {
      const { done, value } = query.next()
      if (done === true) return found
      if (value !== null) found.push(value)
    }
  }
}

function asRow(value: unknown): Row | null {
  return typeof value === 'object' ? value : null
}
