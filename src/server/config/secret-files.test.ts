/**
 * Which files that secrets are taken from other users may read or write.
 */
import assert from 'node:assert/strict'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { makeSelfSigned } from '../../transport/self-signed.test.ts'
import { type ReadConfig, readConfig } from './config.ts'
import { openSecretFiles } from './secret-files.ts'

const directory = temporaryDirectory()
const path = (name: string) => join(directory, name)

function write(name: string, text: string, mode: number): string {
  writeFileSync(path(name), text)
  chmodSync(path(name), mode)
  return path(name)
}

function read(text: string, mode = 0o600): ReadConfig {
  const file = write('pabal.yaml', text, mode)
  return readConfig({ file, environment: {}, flags: [], directory })
}

test('a file that everybody may read, or the group write, is named with its mode; one of the group alone is not', () => {
  const users = ['a', 'b', 'c', 'd'].map((name) => `{userName: ${name}, passwordFile: ${name}}`).join(', ')
  const modes = { a: 0o600, b: 0o640, c: 0o660, d: 0o604 }
  for (const [name, mode] of Object.entries(modes)) write(name, 'tea\n', mode)
  const config = read(`authentication: {users: [${users}]}\n`)
  assert.deepEqual(openSecretFiles(config, [null]), [
    { path: path('c'), mode: '0660' },
    { path: path('d'), mode: '0604' },
  ])
  // Meanwhile it may have been put elsewhere.
  rmSync(path('d'))
  assert.deepEqual(openSecretFiles(config, []), [{ path: path('c'), mode: '0660' }])
})

test('keys of listeners and of the HTTP API count, a passphrase and further certificates too, and what is public does not', () => {
  const [one, other] = [makeSelfSigned(directory, 'one'), makeSelfSigned(directory, 'other')]
  const passphraseFile = write('passphrase', 'tea\n', 0o644)
  for (const file of [one.certFile, one.keyFile, other.certFile, other.keyFile]) chmodSync(file, 0o644)
  const key = { path: one.keyFile, mode: '0644' }
  const withListeners = read(
    `listeners: [tcp://127.0.0.1:0, 'tls://127.0.0.1:0?cert=${one.certFile}&key=${one.keyFile}']\n`,
  )
  assert.deepEqual(openSecretFiles(withListeners, []), [key])
  const nothing = { caFile: null, crlFile: null, identity: null, minVersion: 'TLSv1.2', ciphers: null } as const
  const tls = { ...nothing, ...one, others: [other], passphraseFile }
  assert.deepEqual(
    openSecretFiles(read('data: data\n'), [tls]).map((file) => file.path),
    [one.keyFile, other.keyFile, passphraseFile],
  )
})

test('a secret that stands in the configuration itself makes that a secret file, and a place of one does not', () => {
  const hash = '$scrypt$ln=10,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
  const withHash = read(`authentication: {users: [{userName: a, passwordHash: '${hash}'}]}\n`, 0o644)
  assert.deepEqual(openSecretFiles(withHash, []), [{ path: path('pabal.yaml'), mode: '0644' }])
  write('secret', `${hash}\n`, 0o644)
  const elsewhere = read(`authentication: {users: [{userName: a, passwordHash: 'file:secret'}]}\n`, 0o644)
  assert.deepEqual(openSecretFiles(elsewhere, []), [{ path: path('secret'), mode: '0644' }])
  const scram =
    'SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
  const withScram = read(`authentication: {users: [{userName: a, scram: '${scram}'}]}\n`, 0o644)
  assert.deepEqual(openSecretFiles(withScram, []), [{ path: path('pabal.yaml'), mode: '0644' }])
})
