/**
 * Fuzzing by coverage, of the decoder and the core in this process: what makes code run that had not run is kept, and varied again.
 *
 * Time is the core's: between scripts it goes on by seconds or days, so that wills, expiries and Keep Alives come due.
 */
import { performance } from 'node:perf_hooks'
import type { Connection } from '../../src/core/connection/connection.ts'
import { defaultLimits } from '../../src/core/limits.ts'
import { PacketDecoder, ProtocolViolation } from '../../src/protocol/index.ts'
import { type Chance, makeChance, pick } from '../support/chance.ts'
import { DrivenCore } from '../support/driven-core.ts'
import { Coverage } from './coverage.ts'
import { damage } from './damage.ts'
import { makePools, makeScene } from './scenes.ts'
import type { Script } from './script.ts'

/** Asking V8 takes as long as many scripts. */
const scriptsPerQuestion = 20
const scriptsPerCore = 500
const slowestMs = 50
const origin = {
  remoteAddress: 'somewhere',
  listener: 'a test',
  assignedClientIdentifier: 'assigned',
  tellsPublisher: true,
}
const limits = {
  connectBytesMax: defaultLimits.connectBytesMax,
  packetBytesMax: defaultLimits.packetBytesMax,
  propertiesMax: defaultLimits.propertiesMax,
}

/** Gives a script to the core as the shell does; whatever is thrown but a ProtocolViolation is a fault. */
export function runScript(driven: DrivenCore, { packets, ending }: Script): void {
  const connection = driven.core.open({}, origin, driven.nowMs)
  const decoder = new PacketDecoder({ role: 'server', ...limits })
  for (const bytes of packets) {
    if (connection.isClosed) break
    decoder.push(Buffer.from(bytes))
    takePackets(driven, connection, decoder)
  }
  if (!connection.isClosed) {
    driven.input((core, nowMs, turn) =>
      core.closed(connection, ending === 'close' ? 'it ended' : 'it broke', nowMs, turn),
    )
  }
}

function takePackets(driven: DrivenCore, connection: Connection, decoder: PacketDecoder): void {
  try {
    for (let packet = decoder.next(); packet !== null; packet = decoder.next()) {
      driven.receive(connection, packet)
      if (connection.isClosed) return
    }
  } catch (error) {
    if (!(error instanceof ProtocolViolation)) throw error
    const isFirst = connection.state === 'opened'
    driven.input((core, nowMs, turn) => {
      if (isFirst) core.violatedBeforeConnect(connection, error, decoder, nowMs, turn)
      else core.violated(connection, error, nowMs, turn)
    })
  }
}

/** Another script from one that was kept. */
function vary(script: Script, other: Script, chance: Chance): Script {
  const packets = [...script.packets]
  const from = pick(chance, other.packets)
  for (let left = 1 + chance(3); left > 0; left--) {
    const at = chance(packets.length)
    const bytes = packets[at] ?? from
    const kind = chance(6)
    if (kind < 3) packets[at] = damage(bytes, chance, from)
    else if (kind === 3) packets.splice(at + 1, 0, from)
    else if (kind === 4) packets.splice(at + 1, 0, bytes)
    else if (packets.length > 2) packets.splice(at, 1)
  }
  return { ...script, packets }
}

export interface GuidedResult {
  readonly scripts: number
  /** Scripts that made something new run, behind the first ones. */
  readonly kept: number
  /** Characters of code that the first scripts, as they were generated, had run. */
  readonly charactersAtFirst: number
  readonly characters: number
  /** Of those that throw: the error, and the scripts since the core was new. */
  readonly faults: readonly { readonly what: string; readonly scripts: readonly Script[] }[]
}

class Search {
  readonly #chance: Chance
  readonly #coverage: Coverage
  #driven = new DrivenCore()
  #sinceNew: Script[] = []
  readonly kept: Script[] = []
  readonly faults: { what: string; scripts: Script[] }[] = []
  scripts = 0

  constructor(chance: Chance, coverage: Coverage) {
    this.#chance = chance
    this.#coverage = coverage
  }

  /** Runs scripts; if there was something new, once more one by one, and keeps those that make it run. */
  async run(scripts: readonly Script[]): Promise<void> {
    for (const script of scripts) this.#runOne(script)
    const together = await this.#coverage.take()
    if (this.#coverage.countNew(together) === 0) return
    for (const script of scripts) {
      this.#runOne(script)
      if (this.#coverage.add(await this.#coverage.take()) > 0) this.kept.push(script)
    }
    // What came of the state the core was in does not come again.
    this.#coverage.add(together)
  }

  /** Runs scripts to begin with, and keeps them all. */
  async begin(scripts: readonly Script[]): Promise<void> {
    for (const script of scripts) this.#runOne(script)
    this.#coverage.add(await this.#coverage.take())
    this.kept.push(...scripts)
  }

  #runOne(script: Script): void {
    this.scripts += 1
    if (this.#sinceNew.length >= scriptsPerCore) this.#startAnew()
    this.#sinceNew.push(script)
    const beganMs = performance.now()
    const { user: before } = process.threadCpuUsage()
    try {
      runScript(this.#driven, script)
      this.#driven.advance(pick(this.#chance, [0, 0, 0, 1, 100, 100_000]))
    } catch (error) {
      this.#fail(error instanceof Error ? (error.stack ?? error.message) : String(error))
      return
    }
    const spentMs = Math.min(performance.now() - beganMs, (process.threadCpuUsage().user - before) / 1000)
    if (spentMs > slowestMs) this.#fail(`a script took ${spentMs.toFixed(0)} ms`)
  }

  #fail(what: string): void {
    this.faults.push({ what, scripts: this.#sinceNew })
    this.#startAnew()
  }

  #startAnew(): void {
    this.#driven = new DrivenCore()
    this.#sinceNew = []
  }
}

/** Runs as many scripts: a fifth as they are generated, the others varied from those that made something new run. */
export async function fuzzGuided(seed: number, scripts: number): Promise<GuidedResult> {
  const chance = makeChance(seed)
  const pools = makePools(seed)
  await using coverage = new Coverage(['protocol', 'core'])
  await coverage.start()
  const search = new Search(chance, coverage)
  await search.begin(Array.from({ length: scripts / 40 }, () => makeScene(pools, chance)).flat())
  const [keptAtFirst, charactersAtFirst] = [search.kept.length, coverage.characters]
  while (search.scripts < scripts) {
    const one = () => vary(pick(chance, search.kept), pick(chance, search.kept), chance)
    await search.run(Array.from({ length: scriptsPerQuestion }, one))
  }
  const { kept, faults } = search
  const { characters } = coverage
  return { scripts: search.scripts, kept: kept.length - keptAtFirst, charactersAtFirst, characters, faults }
}
