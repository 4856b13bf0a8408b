/**
 * From `authentication:` to what is asked when a client logs in.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect } from '../../../test/support/authentication-request.ts'
import { hashForStorage } from '../authentication/stored-password.ts'
import { parseConfig } from './config.ts'
import { configuredOptions } from './configured-options.ts'

const directory = mkdtempSync(join(tmpdir(), 'pabal-configured-options-'))
after(() => rmSync(directory, { recursive: true }))
const file = join(directory, 'users')

const optionsOf = (text: string) => configuredOptions(parseConfig(text, join(directory, 'pabal.yaml')))

async function isLetIn(text: string, userName: string | null, password: string | null): Promise<boolean> {
  const { authenticate } = await optionsOf(text)
  const verdict = await authenticate?.(connect(userName, password))
  return typeof verdict === 'object' && verdict.type === 'accepted'
}

test('clients without a name are let in only where the file says so, with users and with another program that knows them', async () => {
  writeFileSync(file, `ann:${await hashForStorage('tea', 'sha512')}\n`)
  for (const known of ['{passwordFile: users}', '{http: {url: "http://127.0.0.1:1/"}}']) {
    const text = `durability: memory\nauthentication: ${known}\n`
    assert.equal(await isLetIn(text, null, null), false, known)
    assert.equal(await isLetIn(`allowAnonymous: false\n${text}`, null, null), false, known)
    assert.equal(await isLetIn(`allowAnonymous: true\n${text}`, null, null), true, known)
    assert.equal(await isLetIn(`allowAnonymous: true\n${text}`, 'ann', null), false, known)
  }
})

test('a list of methods is all that is offered', async () => {
  writeFileSync(join(directory, 'password'), 'tea\n')
  const text = 'durability: memory\nauthentication:\n  users: [{userName: ann, password: file:password}]\n'
  const offered = async (more: string) =>
    (await optionsOf(text + more)).authenticationMethods?.map(({ name }) => name) ?? []
  assert.deepEqual(await offered(''), ['SCRAM-SHA-512', 'SCRAM-SHA-256'])
  assert.deepEqual(await offered('  methods: [SCRAM-SHA-512]\n'), ['SCRAM-SHA-512'])
  assert.deepEqual(await offered('  methods: []\n'), [])
})

test('only hashes of the password file are made anew, and none where the file is to stay as it is', async () => {
  const weak = await hashForStorage('tea', 'sha512')
  for (const rehash of [false, true]) {
    // The same hash stands for another in the configuration file, whose name the password file has in a comment alone.
    writeFileSync(file, `ann:${weak}\n#bob:${weak}\nbob2:${weak}\n`)
    const before = readFileSync(file, 'utf8')
    const users = `[{userName: bob, passwordHash: '${weak}'}]`
    const text = `durability: memory\nauthentication: {passwordFile: users, rehash: ${rehash}, users: ${users}}\n`
    const { authenticate } = await optionsOf(text)
    const logIn = async (name: string) => {
      const accepted = { type: 'accepted', account: name }
      assert.deepEqual(await authenticate?.(connect(name, 'tea')), accepted)
      // What was begun before this is done before it.
      for (let count = 0; count < 3; count++) await hashForStorage('tea')
    }
    await logIn('bob')
    assert.equal(readFileSync(file, 'utf8'), before)
    await logIn('ann')
    const [ann, ...others] = readFileSync(file, 'utf8').split('\n')
    assert.equal(ann === `ann:${weak}`, !rehash)
    assert.deepEqual(others, before.split('\n').slice(1))
  }
})
