/**
 * Tables of command lines that Debian's tools and ours run in turn against the same broker: what they print and the exit
 * code are compared byte for byte, what they send packet by packet.
 */
import assert from 'node:assert/strict'
import type { Tool } from '../../src/cli/mosquitto/invocation.ts'
import { freePort, type TestBroker } from './broker.ts'
import { normalise, type RunOptions, type RunTool, runDebian, type ToolResult, withoutChance } from './tools.ts'
import { startWireTap, type WireTap } from './wire-tap.ts'

/**
 * `line` is split at blanks. In it `ID` and `TOPIC` stand for names that no other case uses, `OPEN` and `GUARDED` for host
 * and port of the two listeners, `PORT` for the first one's port, `LOGIN` for the user of the second, `SOCKET` for the
 * first one's path. What is sent to the first two is compared as well.
 */
export interface GoldenCase {
  readonly tool: Tool
  readonly line: string
  /** Words that hold blanks, or nothing. */
  readonly more?: readonly string[]
  readonly input?: string
  /** Answers that the tool is to get at once: see `startWireTap`. */
  readonly answerGroups?: readonly number[]
  /** Something still comes, or the server closes, as the tool sends DISCONNECT: whether that gets out is chance. */
  readonly isCutOff?: boolean
  readonly options?: RunOptions
}

/** Of all tables: what one case leaves with the broker, such as a retained message, is of no other's topic. */
let caseCount = 0
/** Cases under way at the same time. */
const lanes = 3
/** Where the taps of each lane listen: no port of the system's choice, which a stranger may still try to reach. */
const lanePorts: number[] = []

/** Runs every case with both tools and answers what differs. Without a broker, no line may name one. */
export async function compareAll(
  cases: readonly GoldenCase[],
  broker: TestBroker | null,
  runOurs: RunTool,
): Promise<readonly string[]> {
  const differences: string[] = []
  const waiting = cases.map((each) => ({ each, index: caseCount++ }))
  while (lanePorts.length < lanes) lanePorts.push(await freePort())
  const work = async (lanePort: number): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { each, index } = next
      const theirs = await runCase(each, index, { broker, lanePort, run: runDebian })
      const ours = await runCase(each, index, { broker, lanePort, run: runOurs })
      if (!isEqual(theirs, ours)) differences.push(describe(each, theirs, ours))
    }
  }
  await Promise.all(lanePorts.map(work))
  return differences
}

interface CaseResult extends ToolResult {
  readonly sent: string
}

interface Side {
  readonly broker: TestBroker | null
  readonly lanePort: number
  readonly run: RunTool
}

async function runCase(each: GoldenCase, index: number, { broker, lanePort, run }: Side): Promise<CaseResult> {
  const { line, input, options, answerGroups = [] } = each
  const target = /\bGUARDED\b/.test(line)
    ? broker?.guardedPort
    : /\b(OPEN|PORT)\b/.test(line)
      ? broker?.port
      : undefined
  const tap = target === undefined ? null : await startWireTap(lanePort, target, answerGroups)
  const words = wordsOf(each, index, broker, tap)
  const result = normalise(await run(each.tool, words, { ...options, ...(input === undefined ? {} : { input }) }))
  const sent = tap === null ? '' : withoutChance(await tap.packetsSent())
  return { ...result, sent: each.isCutOff === true ? sent.replace(finalDisconnect, '') : sent }
}

/** As a line, and in bytes for 3.1. */
const finalDisconnect = /(.*type:"disconnect".*\n|\xe0\0)$/

function wordsOf(
  { line, more = [] }: GoldenCase,
  index: number,
  broker: TestBroker | null,
  tap: WireTap | null,
): string[] {
  const place = `-h 127.0.0.1 -p ${tap?.port}`
  const values: Readonly<Record<string, string>> = {
    ID: `id${index}`,
    TOPIC: `topic/${index}`,
    OPEN: place,
    GUARDED: place,
    PORT: String(tap?.port),
    LOGIN: '-u someone -P secret',
    SOCKET: broker?.socketPath ?? '',
  }
  const filled = line.replace(/\b(ID|TOPIC|OPEN|GUARDED|PORT|LOGIN|SOCKET)\b/g, (name) => values[name] ?? name)
  return [...filled.split(' ').filter((word) => word !== ''), ...more]
}

function isEqual(left: CaseResult, right: CaseResult): boolean {
  const printsTheSame = left.stdout === right.stdout && left.stderr === right.stderr
  return printsTheSame && left.code === right.code && left.sent === right.sent
}

function describe({ tool, line, more = [] }: GoldenCase, theirs: CaseResult, ours: CaseResult): string {
  const words = [tool, line, ...more.map((word) => JSON.stringify(word))].join(' ')
  return `${words}\n  Debian: ${JSON.stringify(theirs)}\n  ours:   ${JSON.stringify(ours)}`
}

export function assertNoDifferences(differences: readonly string[]): void {
  assert.equal(differences.length, 0, `${differences.length} differ:\n${differences.join('\n')}`)
}
