/**
 * Runs Debian's tools and ours side by side, and makes what they print comparable.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Tool } from '../../src/cli/mosquitto/invocation.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

export interface ToolResult {
  readonly stdout: string
  readonly stderr: string
  /** The exit code, or the signal that ended it. */
  readonly code: number | string
}

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly environment?: Readonly<Record<string, string>>
  readonly directory?: string
  readonly onStart?: (child: ChildProcess) => void
  /** Called once with the running process when this text has been printed to standard output. */
  readonly whenPrinted?: { readonly text: string; readonly action: (child: ChildProcess) => void }
}

export type RunTool = (tool: Tool, words: readonly string[], options?: RunOptions) => Promise<ToolResult>

/** Ours starts in a third of the time when it does not compile itself anew for every case. */
const compileCache = temporaryDirectory()
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
/** Nothing in these tests takes as long; a tool that hangs is ended and seen by its signal. */
const patienceMs = 20_000

/** Links named like Debian's tools, in a directory of its own. */
export function makeLinks(): { directory: string; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'pabal-cli-links-'))
  for (const tool of ['pub', 'sub', 'rr']) symlinkSync(main, join(directory, `mosquitto_${tool}`))
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

/** The tool that the distribution installed. */
export const runDebian: RunTool = (tool, words, options = {}) => {
  const program = `/usr/bin/mosquitto_${tool}`
  if (!existsSync(program)) {
    throw new Error(`these tests compare with ${program}, which is missing: install Debian's mosquitto-clients`)
  }
  return runProgram(program, words, options)
}

/** Ours, called by the name of Debian's tool. */
export function runLinkIn(directory: string): RunTool {
  return (tool, words, options = {}) => {
    return runProgram(process.execPath, [join(directory, `mosquitto_${tool}`), ...words], options)
  }
}

/** Ours by its own name; `words` begin with the verb. */
export function runPabal(words: readonly string[], options: RunOptions = {}): Promise<ToolResult> {
  return runProgram(process.execPath, [main, ...words], options)
}

function runProgram(program: string, words: readonly string[], options: RunOptions): Promise<ToolResult> {
  const { input = '', environment = {}, directory, whenPrinted } = options
  // No defaults files but those of the test.
  const base = { PATH: process.env.PATH ?? '', HOME: '/nonexistent' }
  const env = { ...base, TZ: 'Asia/Seoul', NODE_COMPILE_CACHE: compileCache, ...environment }
  const child = spawn(program, words, { env, stdio: 'pipe', ...(directory === undefined ? {} : { cwd: directory }) })
  options.onStart?.(child)
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    let isWaiting = whenPrinted !== undefined
    child.stdout.on('data', (chunk: Buffer) => {
      stdout.push(chunk)
      if (!isWaiting || whenPrinted === undefined) return
      if (!Buffer.concat(stdout).toString('latin1').includes(whenPrinted.text)) return
      isWaiting = false
      whenPrinted.action(child)
    })
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve({
        stdout: Buffer.concat(stdout).toString('latin1'),
        stderr: Buffer.concat(stderr).toString('latin1'),
        code: code ?? signal ?? 'unknown',
      })
    })
    // A tool that ends before it has read all is not a failure of the test.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

/** Puts fixed text in place of times, process numbers and identifiers that the server or the library makes up. */
export function normalise({ stdout, stderr, code }: ToolResult): ToolResult {
  return { stdout: withoutChance(stdout), stderr: withoutChance(stderr), code }
}

/** The same for one text. */
export function withoutChance(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6}Z)?/g, (time) => time.replace(/\d/g, '0'))
    .replace(/\b1[78]\d{8}(\.\d{9})?\b/g, (time) => time.replace(/\d/g, '0'))
    .replace(/auto-[0-9A-F-]{36}/g, 'auto-ID')
    .replace(/mosq-[0-9A-Za-z]{18}/g, 'mosq-ID')
    .replace(/\b(prefix-)\d+/g, '$1PID')
}
