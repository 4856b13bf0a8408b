/**
 * The kill -9 loop: a real broker on a real disk, killed at random while publishers, subscribers, wills and Retained
 * Messages are at work; after every kill it starts on the same directory, and in the end nothing acknowledged is missing.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BrokerProcess } from './broker-process.ts'
import type { CrashClient, Scene } from './crash-client.ts'
import { Ledger } from './ledger.ts'
import { Publisher } from './publisher.ts'
import { Random } from './random.ts'
import { SharedReceipts } from './receipts.ts'
import { checkRetained, Retainer } from './retained.ts'
import { qosByTopic, Subscriber, type SubscriberOptions } from './subscriber.ts'
import { WillClient } from './will-client.ts'

export interface CrashOptions {
  readonly seed: number
  readonly kills: number
  readonly durability: 'fsync' | 'interval' | 'memory'
  /** Longest life of one broker. */
  readonly lifeMsMax: number
  /**
   * A test of the checker itself, in the place of the loop: the broker is killed once, when a broker without a disk loses something of each
   * kind for certain, and the run goes on until each of these was found.
   */
  readonly finds?: readonly RegExp[]
  /** Leaves the data directory of a run that failed. */
  readonly keeps: boolean
  /** Told what goes on. */
  readonly report: (line: string) => void
}

export interface CrashResult {
  readonly failures: readonly string[]
  readonly statistics: Ledger['statistics']
  readonly seconds: number
}

const tickMs = 5
const publisherCount = 5
/** Publishers wait while a subscriber that is not slow by itself lacks so many messages. */
const backlogMax = 100_000
/** Without any progress for so long the rest is taken for lost. */
const patienceMs = 20_000

export async function runCrashTest(options: CrashOptions): Promise<CrashResult> {
  const directory = mkdtempSync(join(tmpdir(), 'pabal-crash-'))
  const run = new CrashRun(options, directory)
  const startedMs = performance.now()
  try {
    await run.work()
  } finally {
    await run.stop()
    if (options.keeps && run.scene.ledger.failures.length > 0) options.report(`Kept ${directory}`)
    else rmSync(directory, { recursive: true })
  }
  const { failures, statistics } = run.scene.ledger
  return { failures, statistics, seconds: (performance.now() - startedMs) / 1000 }
}

class CrashRun {
  readonly scene: Scene
  readonly #options: CrashOptions
  readonly #directory: string
  readonly #publishers: Publisher[] = []
  readonly #subscribers: Subscriber[] = []
  readonly #shared: SharedReceipts
  readonly #retainer: Retainer
  readonly #clients: CrashClient[]
  #broker: BrokerProcess | null = null
  #ticking: NodeJS.Timeout | null = null

  constructor(options: CrashOptions, directory: string) {
    this.#options = options
    this.#directory = directory
    const ledger = new Ledger(publisherCount)
    this.scene = { ledger, random: new Random(options.seed), port: 0, isPaused: true, isEnding: false }
    const { scene } = this
    for (let number = 0; number < publisherCount; number++) {
      this.#publishers.push(new Publisher(number, number % 2 === 0 ? 5 : 4, scene))
    }
    this.#shared = new SharedReceipts(ledger)
    for (const [name, each] of cast(this.#shared)) {
      this.#subscribers.push(new Subscriber(name, each, scene))
      if (each.watchesWills) ledger.wills.addWatcher(name)
    }
    this.#retainer = new Retainer('retainer', 5, scene)
    const wills = Array.from({ length: 6 }, (_, number) => {
      const settings = { keepsSession: number % 2 === 0, delays: number < 4 }
      return new WillClient(`will-${number}`, number === 5 ? 4 : 5, settings, scene)
    })
    this.#clients = [...this.#subscribers, ...this.#publishers, this.#retainer, ...wills]
  }

  async work(): Promise<void> {
    const { scene } = this
    const { random, ledger } = scene
    this.#ticking = setInterval(() => this.#tick(), tickMs)
    await this.#start()
    await this.#until('every subscriber has its Subscriptions', () =>
      this.#subscribers.every((each) => each.isSubscribed),
    )
    scene.isPaused = false
    if (this.#options.finds !== undefined) {
      await this.#loseForCertain(this.#options.finds)
      return
    }
    while (ledger.statistics.kills < this.#options.kills && ledger.failures.length === 0) {
      await this.#live()
      await this.#kill()
      if (random.chance(0.15)) await this.#killWhileStarting()
      if (!(await this.#start())) return
    }
    await this.#settle()
    if (ledger.failures.length === 0) await this.#restartInPeace()
  }

  /** It does not matter how long it takes until all was found: that is the machine's. */
  async #loseForCertain(finds: readonly RegExp[]): Promise<void> {
    const { scene } = this
    const { failures } = scene.ledger
    const hasToLose = (): boolean => this.#retainer.hasToLose && this.#subscribers.some((each) => each.hasToLose)
    await this.#until('there is something of each kind to lose', hasToLose)
    if (failures.length > 0) return
    await this.#kill()
    const port = await this.#spawn().ready()
    if (port === null) return
    // Before anybody comes back and retains the same again.
    await checkRetained(this.#retainer, { ...scene, port })
    scene.port = port
    const isFound = (): boolean => finds.every((wanted) => failures.some((failure) => wanted.test(failure)))
    const untilMs = performance.now() + 5 * patienceMs
    while (!isFound() && performance.now() < untilMs) await pause(10)
  }

  async stop(): Promise<void> {
    if (this.#ticking !== null) clearInterval(this.#ticking)
    for (const { wire } of this.#clients) wire?.destroy()
    await this.#broker?.end('SIGKILL')
  }

  #tick(): void {
    const nowMs = performance.now()
    const { scene } = this
    if (!scene.isEnding && this.#publishers[0]?.isConnected === true) {
      scene.isPaused = this.#subscribers.some((each) => !each.isSlow && each.receipts.missing > backlogMax)
    }
    for (const client of this.#clients) client.tick(nowMs)
    if (this.#broker?.hasCrashed === true && scene.port !== 0) {
      scene.port = 0
      scene.ledger.fail(`the broker ended by itself: ${this.#broker.output}`)
    }
  }

  #spawn(): BrokerProcess {
    const { random } = this.scene
    const flags = ['--data', this.#directory, '--durability', this.#options.durability]
    flags.push('--limit', `queueMemoryBytesMax=${random.of(['1MiB', '4MiB', '64MiB'])}`)
    flags.push('--snapshot-every', String(random.of([30_000, 300_000, 3_000_000])))
    // However long it takes until there is something to lose, nobody is refused meanwhile.
    if (this.#options.finds !== undefined) {
      flags.push('--limit', 'sessionQueueMessagesMax=100000000', '--limit', 'sessionQueueBytesMax=1024GiB')
    }
    this.#broker = new BrokerProcess(flags)
    return this.#broker
  }

  /** False if it does not start. */
  async #start(): Promise<boolean> {
    const broker = this.#spawn()
    const port = await broker.ready()
    if (port === null) {
      this.scene.ledger.fail(`the broker does not start: ${broker.output}`)
      return false
    }
    this.scene.port = port
    return true
  }

  /** Lets the broker work for a while, looking at what is retained first. */
  async #live(): Promise<void> {
    const { random } = this.scene
    const lifeMs = random.chance(0.2) ? random.between(0, 100) : random.between(100, this.#options.lifeMsMax)
    const life = pause(lifeMs)
    await Promise.race([life, checkRetained(this.#retainer, this.scene)])
    await life
  }

  async #kill(): Promise<void> {
    this.scene.port = 0
    await this.#broker?.end('SIGKILL')
    const { statistics } = this.scene.ledger
    statistics.kills += 1
    if (statistics.kills % 10 === 0) this.#options.report(describe(statistics))
  }

  async #killWhileStarting(): Promise<void> {
    this.#spawn()
    await pause(this.scene.random.between(50, 600))
    await this.#kill()
  }

  /** Everybody comes back and takes what there is; then nothing acknowledged may be missing. */
  async #settle(): Promise<void> {
    const { scene } = this
    const { ledger } = scene
    scene.isEnding = true
    scene.isPaused = true
    let progress = ''
    let progressAtMs = performance.now()
    const isSettled = (): boolean => {
      return this.#missing() === 0 && this.#publishers.every((each) => each.inFlightMessages === 0)
    }
    while (!isSettled() && ledger.failures.length === 0 && performance.now() - progressAtMs < patienceMs) {
      await pause(20)
      const { delivered, redelivered, acknowledged, wills } = ledger.statistics
      const now = `${delivered} ${redelivered} ${acknowledged} ${wills}`
      if (now !== progress) progressAtMs = performance.now()
      progress = now
    }
    // Whatever went wrong before, the rest follows from it.
    if (ledger.failures.length > 0) return
    for (const each of this.#subscribers) each.receipts.reportMissing()
    for (const line of [...this.#shared.missing(), ...ledger.wills.missing()]) ledger.fail(line)
    for (const each of this.#publishers)
      if (each.inFlightMessages > 0) each.fail(`${each.inFlightMessages} are not acknowledged`)
    if (ledger.failures.length === 0) await this.#quiet()
  }

  #missing(): number {
    const { wills } = this.scene.ledger
    const own = this.#subscribers.reduce((sum, { receipts }) => sum + receipts.missing, 0)
    return own + this.#shared.missing().length + wills.missing().length
  }

  /** Nothing more is on its way to anybody. */
  async #quiet(): Promise<void> {
    await this.#until('everybody is connected', () => this.#subscribers.every(({ isConnected }) => isConnected))
    for (const each of this.#subscribers) each.ping()
    await this.#until('every PINGREQ is answered', () => this.#subscribers.every((each) => each.hasPonged))
    await checkRetained(this.#retainer, this.scene)
  }

  /** Told to stop and started again, the broker has every Session and nothing more to deliver. */
  async #restartInPeace(): Promise<void> {
    const { delivered } = this.scene.ledger.statistics
    this.scene.port = 0
    await this.#broker?.end('SIGTERM')
    if (!(await this.#start())) return
    await this.#quiet()
    const more = this.scene.ledger.statistics.delivered - delivered
    if (more > 0) this.scene.ledger.fail(`${more} messages came when all had come`)
  }

  async #until(what: string, isSo: () => boolean): Promise<void> {
    const untilMs = performance.now() + patienceMs
    while (!isSo() && this.scene.ledger.failures.length === 0) {
      if (performance.now() > untilMs) {
        this.scene.ledger.fail(`in ${patienceMs} ms it did not come about that ${what}`)
        return
      }
      await pause(10)
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export function describe(statistics: Ledger['statistics']): string {
  return Object.entries(statistics)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}

const ordinary: Omit<SubscriberOptions, 'filters' | 'qosByTopic'> = {
  version: 5,
  receiveMaximum: 1000,
  shared: null,
  changes: false,
  mayStartAfresh: false,
  isSleepy: false,
  isSlow: false,
  watchesWills: false,
}

/** The subscribers, each with its name. */
function cast(shared: SharedReceipts): [name: string, options: SubscriberOptions][] {
  const all = qosByTopic((name) => (name.startsWith('t/') ? 2 : -1))
  return [
    [
      'all',
      {
        ...ordinary,
        filters: [
          ['t/#', 2],
          ['w/#', 2],
        ],
        qosByTopic: all,
        watchesWills: true,
      },
    ],
    ['all-3', { ...ordinary, version: 4, filters: [['t/#', 1]], qosByTopic: all.map((qos) => Math.min(qos, 1)) }],
    [
      'overlapping',
      {
        ...ordinary,
        receiveMaximum: 20,
        filters: [
          ['t/0/#', 1],
          ['t/+/a', 2],
          ['t/0/a', 1],
        ],
        qosByTopic: qosByTopic((name) => (/^t\/.\/a$/.test(name) ? 2 : name === 't/0/b' ? 1 : -1)),
      },
    ],
    [
      'sleepy',
      {
        ...ordinary,
        filters: [
          ['t/1/#', 2],
          ['w/+', 2],
        ],
        qosByTopic: qosByTopic((name) => (name.startsWith('t/1/') ? 2 : -1)),
        isSleepy: true,
        watchesWills: true,
      },
    ],
    [
      'sleepy-3',
      {
        ...ordinary,
        version: 4,
        filters: [['t/2/#', 2]],
        qosByTopic: qosByTopic((name) => (name.startsWith('t/2/') ? 2 : -1)),
        isSleepy: true,
      },
    ],
    [
      'slow',
      {
        ...ordinary,
        receiveMaximum: 30,
        filters: [['t/3/b', 2]],
        qosByTopic: qosByTopic((name) => (name === 't/3/b' ? 2 : -1)),
        isSlow: true,
      },
    ],
    [
      'changing',
      {
        ...ordinary,
        filters: [['t/3/a', 2]],
        qosByTopic: qosByTopic((name) => (name === 't/3/a' ? 2 : -1)),
        changes: true,
      },
    ],
    [
      'fresh',
      {
        ...ordinary,
        filters: [['t/0/+', 2]],
        qosByTopic: qosByTopic((name) => (name.startsWith('t/0/') ? 2 : -1)),
        changes: true,
        mayStartAfresh: true,
      },
    ],
    ...[5, 5, 4].map((version, number): [string, SubscriberOptions] => {
      const filters = [
        ['$share/g/t/#', 2],
        ['$share/g/u/#', 2],
      ] as const
      const each = { ...ordinary, version: version as 4 | 5, filters, qosByTopic: qosByTopic(() => 2), shared }
      return [`member-${number}`, { ...each, isSleepy: number === 1, receiveMaximum: number === 0 ? 10 : 1000 }]
    }),
  ]
}
