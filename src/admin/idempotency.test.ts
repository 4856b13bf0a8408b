import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Idempotency, rememberedMax } from './idempotency.ts'

const reply = (json: string) => async () => ({ status: 200, json })

test('of many keys the newest are remembered', async () => {
  const idempotency = new Idempotency()
  for (let key = 0; key <= rememberedMax; key++) await idempotency.once('s', `${key}`, null, 0, reply(`${key}`))
  const again = async (key: number) => (await idempotency.once('s', `${key}`, null, 0, reply('again'))).json
  assert.deepEqual([await again(rememberedMax), await again(1), await again(0)], [`${rememberedMax}`, '1', 'again'])
})

test('long answers make room for each other', async () => {
  const idempotency = new Idempotency()
  const long = 'x'.repeat(6 * 1024 * 1024)
  for (const key of ['a', 'b', 'c']) await idempotency.once('s', key, null, 0, reply(long))
  const again = async (key: string) => (await idempotency.once('s', key, null, 0, reply('again'))).json
  assert.deepEqual([(await again('c'))?.length, await again('a')], [long.length, 'again'])
})

test('what failed is not remembered', async () => {
  const idempotency = new Idempotency()
  const failing = async () => {
    throw new Error('no')
  }
  await assert.rejects(idempotency.once('s', 'k', null, 0, failing), /no/)
  assert.equal((await idempotency.once('s', 'k', null, 0, reply('done'))).json, 'done')
})
