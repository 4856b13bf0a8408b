import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lendOutput, returnOutput } from './output-pool.ts'

test('what comes back is lent again', () => {
  const output = lendOutput()
  returnOutput(output)
  assert.equal(lendOutput(), output)
})

test('two borrowers never share', () => {
  assert.notEqual(lendOutput(), lendOutput())
})

test('as many are kept as a message to some thousand subscribers needs, and no more', () => {
  const lent = Array.from({ length: 5000 }, () => lendOutput())
  for (const output of lent) returnOutput(output)
  const again = new Set(Array.from({ length: 5000 }, () => lendOutput()))
  assert.equal(lent.filter((output) => again.has(output)).length, (16 * 1024 * 1024) / 4096)
})
