/**
 * Faults between the keys of `authentication:`: two ways to be somebody, or none.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { userFaults } from './user-faults.ts'

const scram256 = 'SCRAM-SHA-256$4096:c2FsdA==$a:b'
const scram512 = 'SCRAM-SHA-512$4096:c2FsdA==$a:b'

/** As `path: found`. */
function faultsOf(authentication: unknown): string[] {
  return userFaults({ authentication }).map(({ path, found }) => `${path.join('.')}: ${found}`)
}

const ofUsers = (...users: unknown[]) => faultsOf({ users })

test('nobody is known twice: another program beside users or a password file is a fault', () => {
  for (const [key, value] of [
    ['users', [{ userName: 'a', password: 'file:p' }]],
    ['passwordFile', 'users'],
  ] as const) {
    assert.deepEqual(faultsOf({ http: {}, [key]: value }), [`authentication.http: http beside ${key}`])
  }
  for (const alone of ['http', 'jwt', 'passwordFile']) assert.deepEqual(faultsOf({ [alone]: {} }), [], alone)
  assert.deepEqual(faultsOf({ jwt: {}, passwordFile: 'users' }), [])
})

test('an authentication that lets nobody in is a fault', () => {
  assert.deepEqual(faultsOf({}), ['authentication: no users'])
  assert.deepEqual(faultsOf({ users: [] }), ['authentication.users: no users'])
  assert.deepEqual(faultsOf({ users: [], jwt: {} }), ['authentication.users: no users'])
})

test('what is no mapping or no list is left to whoever reads it as one, and what a mapping inherits is not in it', () => {
  for (const written of [null, undefined, 'text', [], { authentication: null }, { authentication: 'text' }]) {
    assert.deepEqual(userFaults(written), [])
  }
  for (const users of ['', 'text', {}, 5]) assert.deepEqual(faultsOf({ users }), [])
  assert.deepEqual(ofUsers(null, 'text'), [])
  assert.deepEqual(ofUsers({ password: 'file:p' }, { password: 'file:p' }), [], 'a name that is missing, twice')
  const inherits = Object.assign(Object.create({ http: {} }), { users: [{ userName: 'a', password: 'file:p' }] })
  assert.deepEqual(faultsOf(inherits), [])
})

test('a user has one password: beside one that is written nothing else is taken', () => {
  const values = { passwordFile: 'f', password: 'file:p', passwordHash: '$6$', scram: scram256 }
  const keys = Object.keys(values) as (keyof typeof values)[]
  const refused: string[] = []
  for (const one of keys) {
    assert.deepEqual(ofUsers({ userName: 'a', [one]: values[one] }), [], one)
    for (const other of keys.slice(keys.indexOf(one) + 1)) {
      const faults = ofUsers({ userName: 'a', [one]: values[one], [other]: values[other] })
      if (faults.length > 0) refused.push(faults[0] ?? '')
    }
  }
  const at = 'authentication.users.0'
  assert.deepEqual(refused, [
    `${at}.passwordFile: passwordFile beside password`,
    `${at}.passwordFile: passwordFile beside passwordHash`,
    `${at}.passwordFile: passwordFile beside scram`,
    `${at}.password: password beside passwordHash`,
    `${at}.password: password beside scram`,
  ])
  assert.deepEqual(ofUsers({ userName: 'a' }), [`${at}: a user who cannot log in`])
})

test('two names that SCRAM takes for one are one', () => {
  const password = 'file:p'
  for (const [one, other, isSame] of [
    ['IX', '\u2168', true],
    ['IX', 'I\u00adX', true],
    ['a', 'a', true],
    ['a\u0007', 'a\u0007', true],
    ['a', 'a\u0007', false],
    ['a', 'A', false],
  ] as const) {
    const faults = ofUsers({ userName: one, password }, { userName: other, password })
    const expected = [`authentication.users.1.userName: ${JSON.stringify(other)} for the second time`]
    assert.deepEqual(faults, isSame ? expected : [], other)
  }
})

test('a method that no user has a credential for is a fault', () => {
  const methods = ['SCRAM-SHA-512', 'SCRAM-SHA-256']
  for (const [user, missing] of [
    [{ scram: scram256 }, ['SCRAM-SHA-512']],
    [{ scram: scram512 }, ['SCRAM-SHA-256']],
    [{ passwordHash: '$6$' }, methods],
    [{ password: 'file:p' }, []],
    [{ passwordFile: 'f' }, []],
    // What is in the file is not known yet.
    [{ scram: 'file:c' }, []],
  ] as const) {
    // A method of another kind needs nobody's credential.
    const authentication = { users: [{ userName: 'a', ...user }], methods: [...methods, 'K8S-SAT'] }
    assert.deepEqual(
      faultsOf(authentication),
      missing.map(
        (method) => `authentication.methods.${methods.indexOf(method)}: ${method}, and no user who can use it`,
      ),
    )
  }
})
