/**
 * `pabal passwd`, and mosquitto_passwd: makes and changes password files.
 *
 * A file is changed whole or not at all. One with a line that is none is left as it is: mosquitto_passwd 2.0.11 loses the others.
 */
import { existsSync, readFileSync } from 'node:fs'
import { parsePasswordFile, writePasswordFile } from '../server/authentication/password-file.ts'
import {
  bestHashKind,
  hashForStorage,
  hashKinds,
  mosquittoIterations,
} from '../server/authentication/stored-password.ts'
import { systemReason } from '../server/config/system-reason.ts'
import { UsageError } from './mosquitto/usage-error.ts'
import { type PasswdArguments, readPasswdArguments } from './passwd/arguments.ts'
import { askPassword } from './passwd/ask-password.ts'

/** What PBKDF2 needs to be no weak hash. */
const iterationsDefault = 210_000

function helpText(name: string, isDropIn: boolean): string {
  return `${name} manages password files: those of mosquitto, and authentication.passwordFile of Pabal.

Usage: ${name} [-H HASH] [-c] FILE NAME              asks for the password
       ${name} [-H HASH] [-c] -b FILE NAME PASSWORD
       ${name} -D FILE NAME
       ${name} [-H HASH] -U FILE

  -b        take the password from the command line
  -c        create a new password file, in place of one that is there
  -D        delete the user
  -U        hash every password that stands in the file as it is
  -H HASH   ${hashKinds.join(', ')} (default: ${isDropIn ? 'sha512-pbkdf2' : bestHashKind})
  -I COUNT  iterations of sha512-pbkdf2 (default: ${isDropIn ? mosquittoIterations : iterationsDefault})

mosquitto 2.0 reads sha512-pbkdf2 and sha512, 2.1 argon2id, too; scrypt is Pabal's alone.
`
}

export async function runPasswd(argv: string[], isDropIn = false): Promise<number> {
  const name = isDropIn ? 'mosquitto_passwd' : 'pabal passwd'
  try {
    const given = readPasswdArguments(argv)
    if (given === null) {
      process.stdout.write(helpText(name, isDropIn))
      return 0
    }
    return await change(given, isDropIn)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if (error instanceof UsageError && error.message === '') process.stdout.write(helpText(name, isDropIn))
    else process.stderr.write(`${error.message}\n`)
    return 1
  }
}

async function change(given: PasswdArguments, isDropIn: boolean): Promise<number> {
  const { action, creates, file, userName } = given
  const lines = creates ? [] : readLines(file)
  const hash = (password: string): Promise<string> => {
    const kind = given.kind ?? (isDropIn ? 'sha512-pbkdf2' : bestHashKind)
    return hashForStorage(password, kind, given.iterations ?? (isDropIn ? mosquittoIterations : iterationsDefault))
  }
  if (action === 'upgrade') return upgrade(file, lines, hash)
  refuseFaults(file, lines)
  const at = lines.findIndex((line) => line.startsWith(`${userName}:`))
  if (action === 'delete') {
    if (at < 0) throw new Error(`Warning: User ${userName} not found in password file.`)
    lines.splice(at, 1)
  } else {
    const line = `${userName}:${await hash(given.password ?? (await askPassword()))}`
    if (at < 0) lines.push(line)
    else lines[at] = line
  }
  write(file, lines)
  return 0
}

/** Hashes what is no hash; what is one stays. */
async function upgrade(
  file: string,
  lines: readonly string[],
  hash: (password: string) => Promise<string>,
): Promise<number> {
  const made: string[] = []
  for (const [index, line] of lines.entries()) {
    const split = line.indexOf(':')
    if (line.startsWith('#')) made.push(line)
    else if (split < 1 || split === line.length - 1) throw corrupt(file, index + 1)
    else {
      const { entries } = parsePasswordFile(line)
      made.push(entries.length === 1 ? line : `${line.slice(0, split)}:${await hash(line.slice(split + 1))}`)
    }
  }
  refuseFaults(file, made)
  write(file, made)
  return 0
}

function readLines(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split(/\r?\n/)
    if (lines.at(-1) === '') lines.pop()
    return lines
  } catch (error) {
    const advice = existsSync(file) ? '' : ' To create it add -c.'
    throw new Error(`Error: Unable to open password file ${file}. ${systemReason(error)}.${advice}`)
  }
}

function refuseFaults(file: string, lines: readonly string[]): void {
  const [first] = parsePasswordFile(lines.join('\n')).faults
  if (first === undefined) return
  throw new Error(`${corrupt(file, first.line).message} It has ${first.found}: ${first.advice}.`)
}

function corrupt(file: string, line: number): Error {
  return new Error(`Error: Corrupt password file at line ${line}. ${file} was not changed.`)
}

function write(file: string, lines: readonly string[]): void {
  try {
    writePasswordFile(file, lines.map((line) => `${line}\n`).join(''))
  } catch (error) {
    throw new Error(`Error: Unable to write password file ${file}. ${systemReason(error)}.`)
  }
}
