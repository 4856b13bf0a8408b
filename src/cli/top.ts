/**
 * `pabal top`: the broker as it is at this moment, again and again, until q. Asks it over MQTT.
 *
 * Where standard output is no terminal it prints once what it would show.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AskClient } from './ask/ask-client.ts'
import { type AskFlags, askCommand, askTarget, secondsOf } from './ask/ask-flags.ts'
import { runAsk } from './ask/run-ask.ts'
import { placeName } from './mosquitto/tool-connection.ts'
import { parseArguments } from './parse-arguments.ts'
import { type Rates, ratesBetween, type Sample, Sampler } from './top/sample.ts'
import { keysText, type SortKey, screen, sortKeys } from './top/screen.ts'
import { Terminal } from './top/terminal.ts'

const help = `
Shows clients, messages in and out, what is not delivered, the busiest Topic Names with how many listen (red where nobody does), and the
clients with the longest queues. Keys: ${keysText}.

Where standard output is no terminal, or with --once or --json, it is shown once.

Examples:
  pabal top
  pabal top --interval 0.5
  pabal top --once | head -20

It takes the permission "observe". Topic Names: the 200 busiest of those that the broker keeps count of (topicsSeenMax).
`

interface TopFlags extends AskFlags {
  interval: number
  once?: boolean
  json?: boolean
}

const controlC = '\u0003'

export async function runTop(argv: string[]): Promise<number> {
  const command = askCommand('top', 'Shows what the broker is doing, live.', help)
    .option('--interval <SECONDS>', 'time between two looks', intervalOf, 1)
    .option('--once', 'print it once')
    .option('--json', 'print it once, as JSON')
  const exitCode = parseArguments(command, argv)
  if (exitCode !== null) return exitCode
  const flags = command.opts<TopFlags>()
  const isLive = process.stdout.isTTY && flags.once !== true && flags.json !== true
  return runAsk('Pabal cannot show what the broker is doing.', flags, (client) =>
    isLive ? new LiveTop(client, flags).run() : showOnce(client, flags),
  )
}

/** A broker takes so many requests a second: five are asked each time. */
const intervalMin = 0.3

function intervalOf(text: string): number {
  return Math.max(intervalMin, secondsOf(text))
}

async function showOnce(client: AskClient, flags: TopFlags): Promise<number> {
  const sampler = new Sampler(client)
  const before = await sampler.take()
  await sleep(flags.interval * 1000)
  const sample = await sampler.take()
  const rates = ratesBetween(before, sample)
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify({ ...sample, rates })}\n`)
    return 0
  }
  const place = placeName(askTarget(flags).channel)
  const all = { place, sort: 'rate', width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY } as const
  process.stdout.write(
    `${screen(sample, rates, all)
      .map(({ text }) => text)
      .join('\n')}\n`,
  )
  return 0
}

class LiveTop {
  readonly #sampler: Sampler
  readonly #place: string
  readonly #intervalMs: number
  readonly #stopped = new AbortController()
  #sort: SortKey = 'rate'
  #sample: Sample | null = null
  #rates: Rates | null = null

  constructor(client: AskClient, flags: TopFlags) {
    this.#sampler = new Sampler(client)
    this.#place = placeName(askTarget(flags).channel)
    this.#intervalMs = flags.interval * 1000
  }

  /** @throws AskFault, with the terminal as it was. */
  async run(): Promise<number> {
    const { signal } = this.#stopped
    const terminal: Terminal = new Terminal(
      (key) => this.#press(key, terminal),
      () => this.#show(terminal),
    )
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => this.#stopped.abort())
    try {
      while (!signal.aborted) {
        const sample = await this.#sampler.take()
        this.#rates = this.#sample === null ? null : ratesBetween(this.#sample, sample)
        this.#sample = sample
        this.#show(terminal)
        // Told to stop is what ends the wait.
        await sleep(this.#intervalMs, undefined, { signal }).catch(() => {})
      }
      return 0
    } finally {
      terminal.close()
    }
  }

  #press(key: string, terminal: Terminal): void {
    if (key === 'q' || key === controlC) this.#stopped.abort()
    const sort = Object.hasOwn(sortKeys, key) ? sortKeys[key] : undefined
    if (sort === undefined) return
    this.#sort = sort
    this.#show(terminal)
  }

  #show(terminal: Terminal): void {
    if (this.#sample === null) return
    const { width, height } = terminal
    const view = { place: this.#place, sort: this.#sort, width, height: height - 1 }
    const keys = { text: keysText.slice(0, width), look: 'bold' } as const
    const lines = screen(this.#sample, this.#rates, view)
    const empty = Array.from(
      { length: Math.max(0, view.height - lines.length) },
      () => ({ text: '', look: 'plain' }) as const,
    )
    terminal.show([...lines, ...empty, keys])
  }
}
