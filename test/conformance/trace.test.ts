/**
 * Every normative statement has a test that a mutation makes fail, or an exemption with its reason.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { idsOf, readChapters, readStatements, renderConformance } from './chapters.ts'

const chapters = await readChapters()
const ids = readStatements().map((statement) => statement.id)
const tested = new Set(chapters.flatMap(({ testNames }) => testNames.flatMap(idsOf)))
const broken = new Set(chapters.flatMap(({ mutations }) => mutations.flatMap(({ breaks }) => breaks)))
const exempt = new Set(chapters.flatMap(({ exemptions }) => Object.keys(exemptions)))

test('every statement has a test and a mutation, or an exemption', () => {
  assert.equal(ids.length, 142 + 251)
  const open = ids.filter((id) => !tested.has(id) && !exempt.has(id))
  assert.deepEqual(open, [], 'statements without a test')
  const notBroken = ids.filter((id) => tested.has(id) && !broken.has(id))
  assert.deepEqual(notBroken, [], 'statements without a mutation')
})

test('no test, mutation or exemption names a statement that does not exist', () => {
  const known = new Set(ids)
  assert.deepEqual(
    [...tested, ...broken, ...exempt].filter((id) => !known.has(id)),
    [],
  )
})

test('nothing is exempt that has a test, and every exemption says why', () => {
  assert.deepEqual(
    [...exempt].filter((id) => tested.has(id)),
    [],
  )
  for (const { exemptions } of chapters) {
    for (const [id, reason] of Object.entries(exemptions)) assert.ok(reason.length > 20, id)
  }
})

test('no two mutations have one name', () => {
  const names = chapters.flatMap(({ mutations }) => mutations.map(({ name }) => name))
  assert.deepEqual(
    names.filter((name, position) => names.indexOf(name) !== position),
    [],
  )
})

test('docs/conformance.md is what npm run conformance makes', async () => {
  const stored = readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8')
  assert.equal(stored, await renderConformance())
})
