/**
 * The largest of many things, without a list of all of them: a step for each thing, and never more than a few times `most` kept.
 */
const spare = 64

/** Yields null for each thing; returns the largest, the very largest first. Those of size 0 are left out. */
export function* largest<Thing>(
  things: Iterable<Thing>,
  most: number,
  size: (thing: Thing) => number,
): Generator<null, Thing[]> {
  let kept: { readonly thing: Thing; readonly size: number }[] = []
  const cut = (): void => {
    kept.sort((one, other) => other.size - one.size)
    kept = kept.slice(0, most)
  }
  for (const thing of things) {
    yield null
    const sizeNow = size(thing)
    if (sizeNow <= 0) continue
    kept.push({ thing, size: sizeNow })
    if (kept.length > 2 * most + spare) cut()
  }
  cut()
  return kept.map(({ thing }) => thing)
}
