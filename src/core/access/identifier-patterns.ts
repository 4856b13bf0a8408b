/**
 * Which Client Identifiers an account may take: patterns with `%u` for the account and `*` at the end for whatever follows.
 *
 * No pattern with `%u` and `*` ever gives two accounts the same Client Identifier: an account that holds the character behind `%u`, at
 * which its name would end, gets nothing by `%u`. With `%u-*` somebody called `a` could else take what is `a-b`'s.
 */

interface Pattern {
  readonly before: string
  /** What stands behind `%u`; null without one. */
  readonly after: string | null
  /** It ends with `*`. */
  readonly isOpen: boolean
}

/** What is wrong with a pattern. */
export interface PatternFault {
  readonly expected: string
  readonly advice: string
}

const form = 'a Client Identifier, in which %u is the account and a * at the end whatever follows'

export class IdentifierPatterns {
  /** As they were written. */
  readonly texts: readonly string[]
  readonly #patterns: readonly Pattern[]
  /** No account that holds one of these gets anything by `%u`. */
  readonly #separators: readonly string[]

  /** Patterns without a fault. */
  constructor(patterns: readonly string[]) {
    this.texts = patterns
    this.#patterns = patterns.map(read)
    this.#separators = this.#patterns.flatMap(({ after, isOpen }) =>
      isOpen && after !== null ? after.slice(0, 1) : [],
    )
  }

  allow(account: string, clientIdentifier: string): boolean {
    return this.#patternsOf(account).some(({ text, isOpen }) => {
      return isOpen ? clientIdentifier.startsWith(text) : clientIdentifier === text
    })
  }

  /** For people: those that hold for an account, with its name in them. */
  describe(account: string): string {
    const texts = this.#patternsOf(account).map(({ text, isOpen }) => (isOpen ? `${text}*` : text))
    const separator = this.#separators.find((each) => account.includes(each))
    const why = separator === undefined ? '' : `; none by %u, because the name of the account holds "${separator}"`
    return `${texts.length === 0 ? 'none' : texts.join(', ')}${why}`
  }

  #patternsOf(account: string): { readonly text: string; readonly isOpen: boolean }[] {
    // The account of those who do not log in is nobody's own.
    const hasName = account !== '' && !this.#separators.some((separator) => account.includes(separator))
    return this.#patterns.flatMap(({ before, after, isOpen }) => {
      if (after === null) return { text: before, isOpen }
      return hasName ? { text: before + account + after, isOpen } : []
    })
  }
}

/** Whether it has the form of those that the broker gives to clients that leave it the choice. */
export function isAssigned(clientIdentifier: string): boolean {
  return /^pabal-[0-9a-f-]{36}$/.test(clientIdentifier)
}

/** Null if there is none. */
export function patternFault(pattern: string): PatternFault | null {
  if (pattern === '') return { expected: form, advice: 'for example %u, or sensor-*' }
  if (/%(?!u)|%u.*%u/s.test(pattern)) return { expected: form, advice: 'write %u, once; % is not part of a pattern' }
  if (/\*./s.test(pattern)) return { expected: form, advice: 'move the * to the end' }
  if (!pattern.endsWith('%u*')) return null
  const advice = 'write %u-*, with a character that no account holds: else the account ann could take what is anna’s'
  return { expected: 'a character between %u and *', advice }
}

function read(pattern: string): Pattern {
  const isOpen = pattern.endsWith('*')
  const [before = '', after = null] = (isOpen ? pattern.slice(0, -1) : pattern).split('%u')
  return { before, after, isOpen }
}
