/**
 * Numbers that look random and are the same again for the same seed (a linear congruential generator).
 */
export type Chance = (most: number) => number

/** Gives whole numbers from 0 to below `most`. */
export function makeChance(seed: number): Chance {
  let state = seed >>> 0
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * most)
  }
}

/** One of `choices`, which are not empty. */
export function pick<Choice>(chance: Chance, choices: readonly Choice[]): Choice {
  // The index lies within the list.
  return choices[chance(choices.length)] as Choice
}
