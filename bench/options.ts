/**
 * Options of the commands of the bench. A wrong one is answered with a line that says what was found and what is expected, and the usage; the
 * exit code is 2.
 */
import { parseArgs } from 'node:util'

/** By name, what it is unless given. A number must be above 0; `''` and false are what is not given. */
type Defaults = Readonly<Record<string, number | string | boolean>>

type Given<D extends Defaults> = {
  -readonly [K in keyof D]: D[K] extends number ? number : D[K] extends boolean ? boolean : string
}

/**
 * Reads the command line, or ends the process for --help and for what is wrong. `names` are the words that may be given beside options, with
 * what each is; without them any word may be. At least `wordsMin` are expected.
 */
export function readOptions<const D extends Defaults>(
  usage: string,
  defaults: D,
  names?: Readonly<Record<string, string>>,
  wordsMin = 0,
): { readonly values: Given<D>; readonly words: string[] } {
  const lines = Object.entries(names ?? {}).map(([name, text]) => `  ${name.padEnd(16)}${text}`.trimEnd())
  const help = [`usage: ${usage}`, ...lines].join('\n')
  try {
    const options = Object.fromEntries([...Object.entries(defaults), ['help', false] as const].map(optionOf))
    const { values, positionals } = parseArgs({ allowPositionals: true, options })
    if (values.help === true) {
      process.stdout.write(`${help}\n`)
      process.exit(0)
    }
    const unknown = names === undefined ? undefined : positionals.find((word) => !Object.hasOwn(names, word))
    if (unknown !== undefined)
      throw new Error(`${unknown}: ${lines.length > 0 ? 'one of the names below' : 'an option'} is expected`)
    if (positionals.length < wordsMin) throw new Error('a name is missing')
    const given = Object.entries(defaults).map(([name, byDefault]) => [name, chosen(name, byDefault, values[name])])
    // What optionOf and chosen make of each default has its type.
    return { values: Object.fromEntries(given) as Given<D>, words: positionals }
  } catch (error) {
    fail(error instanceof Error ? (error.message.split('. To specify')[0] ?? '') : String(error), help)
  }
}

/** Says what is wrong with the command line, and ends the process. */
export function fail(text: string, help: string): never {
  process.stderr.write(`${text}\n${help}\n`)
  process.exit(2)
}

function optionOf([name, byDefault]: readonly [string, number | string | boolean]) {
  const type = typeof byDefault === 'boolean' ? ('boolean' as const) : ('string' as const)
  return [name, name === 'help' ? { type, short: 'h' } : { type }] as const
}

function chosen(name: string, byDefault: number | string | boolean, given: unknown): number | string | boolean {
  if (given === undefined) return byDefault
  if (typeof byDefault === 'boolean') return given === true
  const text = String(given)
  if (typeof byDefault === 'string') return text
  const number = text.trim() === '' ? Number.NaN : Number(text)
  if (!(number > 0 && number < Number.POSITIVE_INFINITY))
    throw new Error(`--${name} ${text}: a number above 0 is expected`)
  return number
}
