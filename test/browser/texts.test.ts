/**
 * The texts of the dashboard: complete and alike in both languages.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { AccessRule } from '../../src/core/access/access-policy.ts'
import { AccessRules } from '../../src/core/access/access-rules.ts'
import { testAccess } from '../../src/core/query/access-test.ts'
import { table } from '../../src/dashboard/text/table.ts'

const texts = Object.entries(table)
const sources = fileURLToPath(new URL('../../src/dashboard', import.meta.url))

test('every text is there in English and in Korean, with the same values in it', () => {
  const valuesOf = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([value]) => value).sort()
  for (const [key, [english, korean]] of texts) {
    assert.ok(english.length > 0 && korean.length > 0, key)
    assert.deepEqual(valuesOf(korean), valuesOf(english), key)
  }
})

test('what stands under Korean is Korean, but for names that are the same in every language', () => {
  const same = texts.filter(([, [, korean]]) => !/[가-힣]/.test(korean)).map(([key]) => key)
  assert.deepEqual(same, ['nav.api', 'time.ms', 'who.qos', 'payload.json', 'api.title'])
})

test('English texts have no Korean in them', () => {
  assert.deepEqual(
    texts.filter(([, [english]]) => /[가-힣]/.test(english)),
    [],
  )
})

test('each reason that the broker gives for a verdict of the access rules is there, to the letter', () => {
  const whoever = { accounts: null, clients: null }
  const rule: AccessRule = { allows: true, actions: ['subscribe'], topics: ['a'], ...whoever, place: 'rules[0]' }
  const rules = new AccessRules({ rules: [rule], subscribing: 'rules' })
  const file = new AccessRules({ rules: [], subscribing: 'always' })
  const who = { account: 'ann', clientIdentifier: 'c' }
  const given = [
    testAccess(null, who, 'publish', 'a'),
    testAccess(null, who, 'admin', 'a'),
    testAccess(rules, who, 'subscribe', 'a'),
    testAccess(file, who, 'subscribe', 'a'),
    testAccess(rules, who, 'observe', 'b'),
    testAccess(rules, who, 'publish', 'b'),
  ].map(({ reason }) => reason)
  const known = texts.filter(([key]) => key.startsWith('access.reason.')).map(([, [english]]) => english)
  assert.deepEqual(given, known)
})

test('every text is used, and no source has words that are shown beside the table', () => {
  const source = readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('text/'))
    .map((name) => ({ name, text: readFileSync(join(sources, name), 'utf8') }))
  const all = source.map(({ text }) => text).join('\n')
  // A key may be put together: `fate.${fate}` uses all that begin so.
  const beginnings = [...all.matchAll(/[`']([\w.-]+\.)\$\{/g)].map(([, beginning]) => beginning ?? '')
  const unused = texts.map(([key]) => key).filter((key) => !isUsed(key, all, beginnings))
  assert.deepEqual(unused, [])
  const bare = source.flatMap(({ name, text }) =>
    [...text.matchAll(/^\s*<\w[^>]*>([A-Z][a-z]+ [a-z ]+)</gm)].map(([, words]) => `${name}: ${words}`),
  )
  assert.deepEqual(bare, [])
})

function isUsed(key: string, source: string, beginnings: readonly string[]): boolean {
  return source.includes(`'${key}'`) || beginnings.some((beginning) => key.startsWith(beginning))
}
