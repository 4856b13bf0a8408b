/**
 * `authentication.passwordFile`: its users, and what is wrong with it, with its own lines and columns.
 */
import { readFileSync } from 'node:fs'
import { parsePasswordFile } from '../authentication/password-file.ts'
import type { ConfiguredUser } from './config.ts'
import { ConfigError, type ConfigFault } from './config-fault.ts'
import { systemReason } from './system-reason.ts'

/** @throws ConfigError with every line that is none, and every name that `users` has already. */
export function usersOfPasswordFile(file: string, users: readonly ConfiguredUser[]): ConfiguredUser[] {
  const { entries, faults } = parsePasswordFile(readText(file))
  const known = new Set(users.map(({ userName }) => userName))
  const doubles = entries
    .filter(({ userName }) => known.has(userName))
    .map(({ userName }) => doubleFault(file, userName))
  const all = [...faults.map((fault) => ({ file, key: '', ...fault })), ...doubles]
  if (all.length > 0) throw new ConfigError(all)
  return entries.map(({ userName, passwordHash }) => {
    const plain = { account: null, password: null, scram: null, permissions: [] }
    return { userName, passwordHash, isInPasswordFile: true, ...plain }
  })
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const found = `a file that cannot be read: ${systemReason(error)}`
    const advice = 'check the path and who may read the file; pabal passwd -c FILE NAME makes one'
    const place = { file, line: null, column: null, key: 'authentication.passwordFile' }
    throw new ConfigError([{ ...place, found, expected: 'a password file', advice }])
  }
}

function doubleFault(file: string, userName: string): ConfigFault {
  return {
    ...{ file, line: null, column: null, key: '' },
    found: `${JSON.stringify(userName)}, who stands under authentication.users, too`,
    expected: 'each User Name once',
    advice: 'remove the user from one of the two',
  }
}
