/**
 * Faults between the keys of `authentication:`, which no value shows alone: a user without any way to log in, two
 * passwords for one user, the same name twice, a method nobody has a credential for.
 *
 * Works on the values as written, so that these faults are reported together with those of single values.
 */
import { prepareUserName } from '../authentication/scram.ts'
import { scramMethods } from '../authentication/scram-credential.ts'
import { ScramSyntaxError } from '../authentication/scram-message.ts'
import type { KeyPath } from './key-path.ts'
import { isMapping } from './reading.ts'

/** A fault that knows its path; whoever has the file adds line and column. */
export interface PathFault {
  path: KeyPath
  found: string
  expected: string
  advice: string
}

/** `written` is the whole file as plain values, of any shape. */
export function userFaults(written: unknown): PathFault[] {
  const authentication = property(written, 'authentication')
  if (!isMapping(authentication)) return []
  const users = property(authentication, 'users')
  const others = ['passwordFile', 'jwt', 'http']
  const double = ['users', 'passwordFile'].find((key) => property(authentication, key) !== undefined)
  if (property(authentication, 'http') !== undefined && double !== undefined) {
    const advice = 'keep one of them: the other program knows all users, or none'
    const path = ['authentication', 'http']
    return [{ path, found: `http beside ${double}`, expected: 'one place where users are known', advice }]
  }
  if (users === undefined && others.some((key) => property(authentication, key) !== undefined)) return []
  if (users === undefined || (Array.isArray(users) && users.length === 0)) {
    return [
      {
        path: users === undefined ? ['authentication'] : ['authentication', 'users'],
        found: 'no users',
        expected: 'at least one user',
        advice: 'add a user, a passwordFile, jwt or http, or remove authentication: altogether',
      },
    ]
  }
  if (!Array.isArray(users)) return []
  const seen = new Set<string>()
  const faults = users.flatMap((user, index) => faultsOfUser(user, ['authentication', 'users', index], seen))
  return [...faults, ...methodFaults(authentication, users)]
}

function faultsOfUser(user: unknown, path: KeyPath, seen: Set<string>): PathFault[] {
  if (!isMapping(user)) return []
  const faults: PathFault[] = []
  const has = (key: string) => property(user, key) !== undefined
  if (!has('passwordHash') && !has('passwordFile') && !has('password') && !has('scram')) {
    faults.push({
      path,
      found: 'a user who cannot log in',
      expected: 'one or more of passwordFile, password, passwordHash and scram',
      advice: 'add passwordFile: FILE, a file whose only line is the password',
    })
  }
  for (const key of ['passwordFile', 'password'].filter(has)) {
    const other = ['password', 'passwordHash', 'scram'].find((each) => each !== key && has(each))
    if (other === undefined) continue
    faults.push({
      path: [...path, key],
      found: `${key} beside ${other}`,
      expected: 'one password',
      advice: 'keep one of them',
    })
  }
  const userName = property(user, 'userName')
  if (typeof userName !== 'string') return faults
  const name = preparedName(userName)
  if (seen.has(name)) {
    faults.push({
      path: [...path, 'userName'],
      found: `${JSON.stringify(userName)} for the second time`,
      expected: 'each User Name once',
      advice: 'remove one of the two users, or rename it',
    })
  }
  seen.add(name)
  return faults
}

/** SCRAM compares User Names as SASLprep prepares them; one that cannot be prepared is a fault of its own. */
function preparedName(userName: string): string {
  try {
    return prepareUserName(userName)
  } catch (error) {
    if (error instanceof ScramSyntaxError) return userName
    throw error
  }
}

function methodFaults(authentication: object, users: readonly unknown[]): PathFault[] {
  const methods = property(authentication, 'methods')
  if (!Array.isArray(methods)) return []
  return methods.flatMap((method, index) => {
    if (!scramMethods.some(({ name }) => name === method)) return []
    const canUse = users.some((user) => {
      if (['passwordFile', 'password'].some((key) => property(user, key) !== undefined)) return true
      const scram = property(user, 'scram')
      // Where it stands elsewhere it is not known here what it is.
      return typeof scram === 'string' && (scram.startsWith(`${method}$`) || !scram.startsWith('SCRAM-'))
    })
    if (canUse) return []
    return [
      {
        path: ['authentication', 'methods', index],
        found: `${method}, and no user who can use it`,
        expected: 'a user with scram, passwordFile or password',
        advice: 'give a user a scram: credential, or remove the method',
      },
    ]
  })
}

function property(value: unknown, key: string): unknown {
  return isMapping(value) && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}
