/**
 * The flags of mosquitto_passwd 2.0.11, and `-I` of 2.1.
 */
import { type HashKind, hashKinds } from '../../server/authentication/stored-password.ts'
import { UsageError } from '../mosquitto/usage-error.ts'

export interface PasswdArguments {
  readonly action: 'set' | 'delete' | 'upgrade'
  /** Makes the file anew. */
  readonly creates: boolean
  readonly file: string
  /** Empty for `upgrade`. */
  readonly userName: string
  /** Null: it is asked for. */
  readonly password: string | null
  /** Null: the usual one. */
  readonly kind: HashKind | null
  readonly iterations: number | null
}

/** Null if the help is asked for. @throws UsageError; with an empty message the help says it all. */
export function readPasswdArguments(argv: readonly string[]): PasswdArguments | null {
  let [isBatch, creates, deletes, upgrades] = [false, false, false, false]
  let kind: HashKind | null = null
  let iterations: number | null = null
  const words: string[] = []
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (words.length > 0 || !word.startsWith('-') || word === '-') words.push(word)
    else if (word === '-h' || word === '--help') return null
    else if (word === '-b') isBatch = true
    else if (word === '-c') creates = true
    else if (word === '-D') deletes = true
    else if (word === '-U') upgrades = true
    else if (word === '-H') kind = readKind(argv[++index])
    else if (word === '-I') iterations = readIterations(argv[++index])
    else throw new UsageError(`Error: Unknown option '${word}'`)
  }
  if (creates && deletes) throw new UsageError('Error: -c and -D cannot be used together.')
  if (creates && upgrades) throw new UsageError('Error: -c and -U cannot be used together.')
  if (deletes && upgrades) throw new UsageError('Error: -D and -U cannot be used together.')
  if (iterations !== null && kind !== 'sha512-pbkdf2') throw new UsageError('Error: -I is for -H sha512-pbkdf2.')
  const action = upgrades ? 'upgrade' : deletes ? 'delete' : 'set'
  const [file = '', userName = '', password = null] = words
  const wanted = upgrades ? 1 : isBatch && !deletes ? 3 : 2
  if (words.length !== wanted || file === '') throw new UsageError('')
  if (userName.includes(':')) throw new UsageError("Error: Username must not contain the ':' character.")
  if (!upgrades && !isName(userName)) throw new UsageError('Error: Username must be one line of 1 to 65,535 bytes.')
  if (password === '') throw new UsageError('Error: Empty password.')
  return { action, creates, file, userName, password, kind, iterations }
}

/** A `#` would make a comment of it. */
function isName(userName: string): boolean {
  return (
    userName !== '' && !userName.startsWith('#') && !/[\r\n]/.test(userName) && Buffer.byteLength(userName) <= 65_535
  )
}

function readKind(word: string | undefined): HashKind {
  const kind = hashKinds.find((each) => each === word)
  if (kind !== undefined) return kind
  if (word === undefined) throw new UsageError('Error: -H argument given but not enough other arguments.')
  throw new UsageError(`Error: Unknown hash type '${word}'. Known: ${hashKinds.join(', ')}.`)
}

function readIterations(word: string | undefined): number {
  if (word !== undefined && /^[1-9]\d{0,7}$/.test(word) && Number(word) <= 10_000_000) return Number(word)
  throw new UsageError('Error: -I needs a number of iterations from 1 to 10,000,000.')
}
