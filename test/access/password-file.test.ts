/**
 * A password file that changes while the broker runs: by the broker itself, and by somebody else.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createBroker } from '../../src/index.ts'
import { hashForStorage } from '../../src/server/authentication/stored-password.ts'
import { readConfig } from '../../src/server/config/config.ts'
import { configuredOptions } from '../../src/server/config/configured-options.ts'
import { RunningConfig } from '../../src/server/config/running-config.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openWire } from '../support/wire-client.ts'

const directory = temporaryDirectory()

test('a hash made anew is the same password to a reload, another one is another', async () => {
  const file = join(directory, 'users')
  const config = join(directory, 'pabal.yaml')
  const text = 'durability: memory\nlisteners: [tcp://127.0.0.1:0]\nauthentication: {passwordFile: users}\n'
  writeFileSync(config, text)
  writeFileSync(
    file,
    `ann:${await hashForStorage('one', 'sha512-pbkdf2')}\nbob:${await hashForStorage('two', 'sha512')}\n`,
  )
  const read = () => readConfig({ file: config, environment: {}, flags: [], directory })
  const started = read()
  const options = await configuredOptions(started.config)
  const broker = createBroker(options)
  await broker.start()
  const running = new RunningConfig(broker, started, options, read)
  const connect = async (userName: string, password: string) => {
    const client = await openWire(broker.urls[0] ?? '', 5)
    return { client, code: (await client.connect({ userName, password: Buffer.from(password) })).reasonCode }
  }
  const isStronger = strengthened(file)
  const [ann, bob] = [await connect('ann', 'one'), await connect('bob', 'two')]
  assert.deepEqual([ann.code, bob.code], [0, 0])
  await isStronger
  assert.deepEqual((await running.reload()).applied, [])
  await ann.client.quiet()
  const lines = readFileSync(file, 'utf8').split('\n')
  writeFileSync(file, `${lines[0]}\nbob:${await hashForStorage('other')}\n`)
  assert.deepEqual((await running.reload()).applied, ['authentication'])
  await bob.client.refused(0x87)
  await ann.client.quiet()
  assert.deepEqual([(await connect('bob', 'two')).code, (await connect('bob', 'other')).code], [0x86, 0])
  writeFileSync(file, `${lines[0]}\nbob:\n`)
  await assert.rejects(running.reload(), /users:2:5\n {2}found {5}a text that is no hash/)
  assert.equal((await connect('bob', 'other')).code, 0)
  await broker.stop()
})

/** Resolves when no weak hash is left. */
async function strengthened(file: string): Promise<void> {
  for await (const _ of watch(directory)) if (!/\$[67]\$/.test(readFileSync(file, 'utf8'))) return
}
