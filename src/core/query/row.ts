/**
 * What questions about the broker are answered with: rows, found one step at a time.
 *
 * A query is a generator that does a small bounded piece of work between two steps, so that whoever pulls decides how much is
 * done at once. The broker changes meanwhile: what stays is never missed, what comes or goes may be; a Subscription whose place
 * was changed by the end of another may come twice.
 */

/** One row, as it stands in the JSON of an answer. */
export type Row = object

/** Null: a step of work without a row. */
export type Query<Each extends Row = Row> = Generator<Each | null, void>

/** Nothing known, or never. */
export function known(value: number): number | null {
  return value > 0 && value < Number.POSITIVE_INFINITY ? value : null
}
