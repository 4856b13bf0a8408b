/**
 * What a chapter of the conformance tests consists of: `NAME.test.ts`, whose test names carry statement ids, and
 * `NAME.mutations.ts`, which says how the code can be broken so that those tests fail, and what is exempt.
 */

/** One way of breaking the broker. */
export interface Mutation {
  /** What the broken broker does. Unique. */
  readonly name: string
  /** Path from the root of the checkout. */
  readonly file: string
  /** Text that occurs exactly once in the file. */
  readonly from: string
  readonly to: string
  /** Ids of the statements it breaks: for each, at least one test named with it must fail. */
  readonly breaks: readonly string[]
}

/** Statement id to the reason why there is nothing to test. */
export type Exemptions = Readonly<Record<string, string>>
