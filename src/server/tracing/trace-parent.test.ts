import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTraceParent } from './trace-parent.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

function read(...values: string[]) {
  return readTraceParent(values.map((value) => ['traceparent', value]))
}

test('a traceparent is read, with the tracestate beside it', () => {
  const sampled = { traceId, spanId, isSampled: true, traceState: null }
  assert.deepEqual(read(`00-${traceId}-${spanId}-01`), sampled)
  assert.deepEqual(read(`00-${traceId}-${spanId}-00`), { ...sampled, isSampled: false })
  // Only the lowest bit says that it is sampled.
  assert.deepEqual(
    [read(`00-${traceId}-${spanId}-03`), read(`00-${traceId}-${spanId}-fe`)?.isSampled],
    [sampled, false],
  )
  const properties = [
    ['other', 'x'],
    ['tracestate', 'a=1'],
    ['traceparent', `00-${traceId}-${spanId}-01`],
    ['tracestate', 'b=2'],
  ] as const
  assert.deepEqual(readTraceParent(properties), { ...sampled, traceState: 'a=1,b=2' })
})

test('a later version may say more, this one may not', () => {
  assert.equal(read(`01-${traceId}-${spanId}-01-what-comes`)?.traceId, traceId)
  assert.equal(read(`00-${traceId}-${spanId}-01-what-comes`), null)
})

test('what is against the form is no traceparent', () => {
  const broken = [
    '',
    'x',
    traceId,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}-01 `,
    ` 00-${traceId}-${spanId}-01`,
    `01-${traceId}-${spanId}-01-${'x'.repeat(600)}`,
  ]
  for (const value of broken) assert.equal(read(value), null, value)
  assert.equal(readTraceParent([]), null)
})

test('two of them are none: nobody knows which one holds', () => {
  const value = `00-${traceId}-${spanId}-01`
  assert.equal(read(value, value), null)
})
