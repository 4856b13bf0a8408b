import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { IdentifierPatterns, patternFault } from './identifier-patterns.ts'

test('an account may take what a pattern says: its own name, what begins with it, what is for everybody', () => {
  const patterns = new IdentifierPatterns(['%u', 'site-%u', '%u:*', 'gateway-*', 'clock'])
  const may = (account: string, ...names: string[]) => names.filter((name) => patterns.allow(account, name))
  const names = ['ann', 'site-ann', 'ann:', 'ann:1', 'ann:1:2', 'gateway-', 'gateway-7', 'clock']
  assert.deepEqual(may('ann', ...names), names)
  const others = ['', 'anna', 'Ann', 'an', 'ann-1', 'bob', 'bob:1', 'site-ann2', 'site-', 'gateway', 'clock2', 'aclock']
  assert.deepEqual(may('ann', ...others, '%u', '%u:1', '*'), [])
  assert.equal(patterns.describe('ann'), 'ann, site-ann, ann:*, gateway-*, clock')
})

test('who did not log in has no name, and gets nothing by it', () => {
  const patterns = new IdentifierPatterns(['%u', 'a%u', '%u:*', 'gateway-*'])
  const allowed = ['', 'a', ':', ':1', 'gateway-1'].filter((name) => patterns.allow('', name))
  assert.deepEqual(allowed, ['gateway-1'])
  assert.equal(new IdentifierPatterns(['%u']).describe(''), 'none')
})

test('an account that holds the character at which its name would end gets nothing by its name', () => {
  const patterns = new IdentifierPatterns(['%u', '%u-*'])
  assert.equal(patterns.allow('a', 'a-b-1'), true)
  assert.deepEqual(
    ['a-b', 'a-b-1'].map((name) => patterns.allow('a-b', name)),
    [false, false],
  )
  assert.equal(patterns.describe('a-b'), 'none; none by %u, because the name of the account holds "-"')
})

test('no two accounts may take the same Client Identifier by their names, whatever they are called', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '-', '%', 'u', '*'), minLength: 1, maxLength: 4 })
  const patterns = new IdentifierPatterns(['%u', '%u-*'])
  fc.assert(
    fc.property(word, word, word, (one, other, name) => {
      for (const clientIdentifier of [name, one, `${one}-${name}`]) {
        const both = patterns.allow(one, clientIdentifier) && patterns.allow(other, clientIdentifier)
        assert.ok(!both || one === other, `${one} and ${other}: ${clientIdentifier}`)
      }
    }),
    { numRuns: 3000 },
  )
})

test('an empty list allows nothing; what is no pattern is a fault that says what to do', () => {
  assert.equal(new IdentifierPatterns([]).allow('ann', 'ann'), false)
  for (const pattern of ['%u', '*', '%u.*', 'a*', 'x-%u', '%uu']) assert.equal(patternFault(pattern), null, pattern)
  const advice = (pattern: string) => patternFault(pattern)?.advice ?? ''
  assert.match(advice(''), /^for example %u/)
  for (const pattern of ['%c', '50%', '%u%u', '%', '%%u']) assert.match(advice(pattern), /^write %u, once/, pattern)
  for (const pattern of ['*a', 'a*b', '**', '%u-*-x']) assert.match(advice(pattern), /move the \* to the end/, pattern)
  for (const pattern of ['%u*', 'x%u*']) assert.match(advice(pattern), /^write %u-\*/, pattern)
})
