/**
 * ReDoS: no regular expression of the sources takes long over a text that somebody has made for it. Texts of clients are up to 64 KiB
 * long, those of operators are not bounded; so all expressions are held to it, not only those that are known to meet such a text.
 *
 * The texts are made of what the expression itself names, repeated, with an end that does not fit: what repeats badly is at least
 * quadratic then, which takes seconds.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'vite'
import { parseStoredPassword } from '../../src/server/authentication/stored-password.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const textMax = 64 * 1024
const msMax = 10
/** What is not explained by a machine that is busy. */
const surelyMs = 100

interface Found {
  readonly place: string
  readonly pattern: string
  readonly flags: string
}

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'src'], { cwd: root })
  .toString()
  .split('\n')
  .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.test.ts'))
const found: Found[] = []
/** `new RegExp` and `RegExp(`: an expression that a scan cannot know, and that a text from outside could become part of. */
const made: string[] = []
const fixedParts = 'src/server/authentication/stored-password.ts'
for (const path of files) {
  const text = readFileSync(join(root, path), 'utf8')
  collect(parseAst(text, { lang: path.endsWith('x') ? 'tsx' : 'ts' }), path, text)
}

function collect(node: unknown, path: string, text: string): void {
  if (typeof node !== 'object' || node === null) return
  if (Array.isArray(node)) {
    for (const child of node) collect(child, path, text)
    return
  }
  const place = (): string => `${path}:${text.slice(0, Number(Reflect.get(node, 'start'))).split('\n').length}`
  const type = Reflect.get(node, 'type')
  if (type === 'Literal' && 'regex' in node) {
    // As the tree of a program has it.
    const { pattern, flags } = node.regex as { pattern: string; flags: string }
    found.push({ place: place(), pattern, flags })
    return
  }
  const callee: unknown = Reflect.get(node, 'callee')
  if (typeof callee === 'object' && callee !== null && Reflect.get(callee, 'name') === 'RegExp') made.push(place())
  for (const child of Object.values(node)) collect(child, path, text)
}

/** What an expression can be made to repeat: the characters it names, and pairs of them. */
function seedsOf(pattern: string): string[] {
  const characters = new Set(['a', '0', ' ', '/'])
  const plain = pattern.replace(/\\[pP]\{[^}]*\}|\\u\{?[0-9a-f]+\}?|\\x..|\(\?[<!=:a-zA-Z]+>?/g, '')
  for (const character of plain) if (!'()[]{}?*+|^$\\'.includes(character)) characters.add(character)
  for (const character of '.[(){}+*') if (pattern.includes(`\\${character}`)) characters.add(character)
  if (/\\n|\\s/.test(pattern)) characters.add('\n')
  const all = [...characters].slice(0, 9)
  return all.flatMap((first) => all.map((second) => (first === second ? first : first + second)))
}

function textsOf(seed: string, size: number): string[] {
  const body = seed.repeat(size / seed.length)
  // The last one ends in what `.` does not match.
  return [`${body}\u0000`, `"${body}!`, `${seed.at(-1)}${body}\n\u0000`, `a ${body}\r!`]
}

function msOf(expression: RegExp, text: string): number {
  const startedMs = performance.now()
  expression.exec(text)
  return performance.now() - startedMs
}

/** The longest that a text of this size takes, of those an eighth as long that take longest. */
function worst({ pattern, flags }: Pick<Found, 'pattern' | 'flags'>, size = textMax): { ms: number; seed: string } {
  const expression = new RegExp(pattern, flags.replace(/[gy]/g, ''))
  let slowest = { ms: 0, seed: 'a' }
  for (const seed of seedsOf(pattern)) {
    for (const text of textsOf(seed, size / 8)) {
      const ms = msOf(expression, text)
      if (ms > slowest.ms) slowest = { ms, seed }
    }
  }
  // All of it might take for ever.
  if (slowest.ms >= surelyMs) return slowest
  const times = textsOf(slowest.seed, size).map((text) => {
    // This process may have been made to wait, or to collect garbage: so the best of some.
    let best = msOf(expression, text)
    for (let round = 0; round < 4 && best >= msMax && best < surelyMs; round++)
      best = Math.min(best, msOf(expression, text))
    return best
  })
  return { ms: Math.max(...times), seed: slowest.seed }
}

test(`ReDoS: none takes ${msMax} ms over 64 KiB that were made to hold it up`, () => {
  assert.ok(found.length > 100, `${found.length} expressions found in ${files.length} files`)
  const slow = found.flatMap((each) => {
    const { ms, seed } = worst(each)
    return ms < msMax ? [] : [`${each.place}: /${each.pattern}/ takes ${ms.toFixed(0)} ms over ${JSON.stringify(seed)}`]
  })
  assert.deepEqual(slow, [])
})

test('an expression that is quadratic is found', () => {
  for (const pattern of [String.raw`\s*\n\s*`, String.raw`\/+$`, '=+$']) {
    const { ms } = worst({ pattern, flags: '' }, textMax / 4)
    assert.ok(ms >= msMax, `/${pattern}/ takes ${ms} ms`)
  }
})

test('ReDoS: none is made of a text while the broker runs, and those of fixed parts are as fast', () => {
  assert.deepEqual(new Set(made.map((place) => place.split(':')[0])), new Set([fixedParts]))
  for (const start of ['$6$', '$7$101$', '$argon2id$v=19$m=1,t=1,p=1$']) {
    for (const seed of ['a', 'a$', '=', 'a=', '$']) {
      const text = start + seed.repeat(textMax / seed.length)
      const startedMs = performance.now()
      assert.throws(() => parseStoredPassword(text))
      assert.ok(performance.now() - startedMs < surelyMs, `${start} and ${seed}`)
    }
  }
})
