/**
 * What it costs the broker that somebody follows its messages, or that the HTTP API is there at all: processor time, of a process of its
 * own, so that it matters little how busy the machine is.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = new URL('../../', import.meta.url)
const generator = fileURLToPath(new URL('bench/bench.mjs', root))
/** As the page of the dashboard asks. */
const askEveryMs = 1000
const entriesMax = 500

interface Started {
  readonly child: ChildProcess
  readonly url: URL
  readonly adminUrl: string | null
}

async function startBroker(admin: 'on' | 'off'): Promise<Started> {
  const child = fork(fileURLToPath(new URL('broker-process.ts', import.meta.url)), [admin])
  const [{ url, adminUrl }] = await once(child, 'message')
  return { child, url: new URL(url), adminUrl }
}

async function stopBroker({ child }: Started): Promise<void> {
  child.disconnect()
  await once(child, 'exit')
}

/** Microseconds of the main thread that the broker takes for a message at QoS 1, in ten pairs of clients. */
async function load({ child, url }: Started, perSecond: number, seconds: number): Promise<number> {
  const words = { port: url.port, pid: child.pid, version: 5, qos: 1, pairs: 10, seconds, rate: perSecond, warmup: 1 }
  const flags = Object.entries(words).flatMap(([name, value]) => [`--${name}`, String(value)])
  const { stdout } = await promisify(execFile)(process.execPath, [generator, 'pipe', ...flags])
  const { delivered_ratio: share, main_thread_us_per_in: microseconds } = JSON.parse(stdout)
  assert.equal(share, 1, stdout)
  return microseconds
}

/** Asks for what is new as the dashboard does, until it is told to stop; returns how many entries there were. */
async function follow(adminUrl: string, signal: AbortSignal): Promise<number> {
  let after = 0
  let entries = 0
  while (!signal.aborted) {
    const answer = await fetch(`${adminUrl}/api/v1/trace?topic=%23&after=${after}&limit=${entriesMax}`)
    // Tests hold the answer against its schema elsewhere.
    const { data, about } = (await answer.json()) as { data: readonly unknown[]; about: { lastId: number } }
    entries += data.length
    after = about.lastId
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, askEveryMs)
      signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer)
          resolve()
        },
        { once: true },
      )
    })
  }
  return entries
}

export interface Cost {
  /** Microseconds of processor time for a message; the middle of all rounds. */
  readonly without: number
  readonly with: number
  /** Of one processor, more than without. */
  readonly processorShare: number
}

/** Rounds with and without take turns. */
export async function measureLiveTrace(perSecond: number, seconds: number, rounds: number): Promise<Cost> {
  const broker = await startBroker('on')
  const plain: number[] = []
  const followed: number[] = []
  // The first one warms it up.
  await load(broker, perSecond, seconds)
  for (let round = 0; round < rounds; round++) {
    plain.push(await load(broker, perSecond, seconds))
    const stop = new AbortController()
    const following = follow(broker.adminUrl ?? '', stop.signal)
    followed.push(await load(broker, perSecond, seconds))
    stop.abort()
    assert.ok((await following) >= entriesMax)
  }
  await stopBroker(broker)
  return costOf(plain, followed, perSecond)
}

/** The HTTP API that nobody asks anything of. Of as many messages as go through. */
export async function measureAdmin(seconds: number, rounds: number): Promise<Cost> {
  const without = await startBroker('off')
  const having = await startBroker('on')
  const plain: number[] = []
  const served: number[] = []
  for (const broker of [without, having]) await load(broker, 0, seconds)
  for (let round = 0; round < rounds; round++) {
    plain.push(await load(without, 0, seconds))
    served.push(await load(having, 0, seconds))
  }
  await Promise.all([stopBroker(without), stopBroker(having)])
  return costOf(plain, served, 0)
}

function costOf(plain: number[], more: number[], perSecond: number): Cost {
  const without = middleOf(plain)
  const withIt = middleOf(more)
  return { without, with: withIt, processorShare: ((withIt - without) * perSecond) / 1e6 }
}

function middleOf(values: number[]): number {
  return values.sort((one, other) => one - other)[values.length >> 1] ?? 0
}
