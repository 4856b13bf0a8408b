/**
 * What the tests of installation share: a shell without traces of the running test, and a look at processes.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The checkout that is being tested. */
export const checkout = fileURLToPath(new URL('../..', import.meta.url))

/**
 * The environment of a new shell: nothing that npm or the test runner set, and no Node of this checkout. `firstInPath`
 * are folders to look for commands in before all others.
 */
export function freshEnvironment(...firstInPath: string[]): NodeJS.ProcessEnv {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.endsWith('node_modules/.bin'))
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:npm_|NODE|PABAL_|INIT_CWD$)/.test(name))
  return { ...Object.fromEntries(kept), PATH: [...firstInPath, ...path].join(delimiter) }
}

/** Runs a command to its end and gives its standard output. Rejects with all it said if it fails. */
export async function run(command: string, args: string[], cwd: string, env = freshEnvironment()): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { cwd, env, maxBuffer: 16 * 1024 * 1024 }).catch(
    (error: Error & { stdout: string; stderr: string }) => {
      throw new Error(`${error.message}\n${error.stdout}${error.stderr}`)
    },
  )
  return stdout
}

/** A process, named so that a later one with the same number is not mistaken for it. */
export interface ProcessName {
  readonly pid: number
  /** In clock ticks since the machine started. */
  readonly startTime: string
}

interface ProcessStatus extends ProcessName {
  readonly parent: number
  readonly isZombie: boolean
}

/** The process `pid` and everything it has started, directly or through others, that runs now. */
export function processTree(pid: number): ProcessName[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStatus(Number(name)) ?? [])
  const tree = all.filter((one) => one.pid === pid)
  for (const one of tree) tree.push(...all.filter(({ parent }) => parent === one.pid))
  return tree.map(({ pid, startTime }) => ({ pid, startTime }))
}

export function isRunning(name: ProcessName): boolean {
  const status = readStatus(name.pid)
  return status !== null && status.startTime === name.startTime && !status.isZombie
}

/** Null if there is no such process any more. */
function readStatus(pid: number): ProcessStatus | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return null // It ended between the listing and the reading.
  }
  // The second field is the command in brackets, which may hold anything; the third is the first behind the last bracket.
  const [state, parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { pid, parent: Number(parent), startTime: rest[17] ?? '', isZombie: state === 'Z' }
}
