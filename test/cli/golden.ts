/**
 * Tables of command lines that Debian's tools and ours run in turn against the same broker, to be compared byte for byte.
 */
import assert from 'node:assert/strict'
import type { Tool } from '../../src/cli/mosquitto/invocation.ts'
import type { TestBroker } from './broker.ts'
import { normalise, type RunOptions, type RunTool, runDebian, type ToolResult } from './tools.ts'

/**
 * `line` is split at blanks. In it `ID` and `TOPIC` stand for names that no other case uses, `OPEN` and `GUARDED` for host
 * and port of the two listeners, `LOGIN` for the user of the second, `SOCKET` for the first one's path.
 */
export interface GoldenCase {
  readonly tool: Tool
  readonly line: string
  /** Words that hold blanks, or nothing. */
  readonly more?: readonly string[]
  readonly input?: string
  readonly options?: RunOptions
}

/** Cases under way at the same time. */
const lanes = 3

/** Runs every case with both tools and answers what differs. */
export async function compareAll(
  cases: readonly GoldenCase[],
  broker: TestBroker,
  runOurs: RunTool,
): Promise<readonly string[]> {
  const differences: string[] = []
  const waiting = cases.map((each, index) => ({ each, index }))
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { each, index } = next
      const words = wordsOf(each, index, broker)
      const run = (tool: RunTool): Promise<ToolResult> => {
        return tool(each.tool, words, { ...each.options, ...(each.input === undefined ? {} : { input: each.input }) })
      }
      const theirs = normalise(await run(runDebian))
      const ours = normalise(await run(runOurs))
      if (!isEqual(theirs, ours)) differences.push(describe(each, theirs, ours))
    }
  }
  await Promise.all(Array.from({ length: lanes }, work))
  return differences
}

export function wordsOf({ line, more = [] }: GoldenCase, index: number, broker: TestBroker): string[] {
  const values: Readonly<Record<string, string>> = {
    ID: `id${index}`,
    TOPIC: `topic/${index}`,
    OPEN: `-h 127.0.0.1 -p ${broker.port}`,
    GUARDED: `-h 127.0.0.1 -p ${broker.guardedPort}`,
    LOGIN: '-u someone -P secret',
    SOCKET: broker.socketPath,
  }
  const filled = line.replace(/\b(ID|TOPIC|OPEN|GUARDED|LOGIN|SOCKET)\b/g, (name) => values[name] ?? name)
  return [...filled.split(' ').filter((word) => word !== ''), ...more]
}

function isEqual(left: ToolResult, right: ToolResult): boolean {
  return left.stdout === right.stdout && left.stderr === right.stderr && left.code === right.code
}

function describe({ tool, line, more = [] }: GoldenCase, theirs: ToolResult, ours: ToolResult): string {
  const words = [tool, line, ...more.map((word) => JSON.stringify(word))].join(' ')
  return `${words}\n  Debian: ${JSON.stringify(theirs)}\n  ours:   ${JSON.stringify(ours)}`
}

export function assertNoDifferences(differences: readonly string[]): void {
  assert.equal(differences.length, 0, `${differences.length} differ:\n${differences.join('\n')}`)
}
