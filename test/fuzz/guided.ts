/**
 * Fuzzing by coverage, of the decoder and the core in this process: what makes code run that had not run is kept, and varied again.
 *
 * Time is the core's: between scripts it goes on by seconds or days, so that wills, expiries and Keep Alives come due.
 */
import type { Connection } from '../../src/core/connection/connection.ts'
import { defaultLimits } from '../../src/core/limits.ts'
import { PacketDecoder, ProtocolViolation } from '../../src/protocol/index.ts'
import { type Chance, makeChance, pick } from '../support/chance.ts'
import { DrivenCore } from '../support/driven-core.ts'
import { Coverage, foldersOf } from './coverage.ts'
import { damage } from './damage.ts'
import { makePools, makeScene } from './scenes.ts'
import type { Script } from './script.ts'
import { Search, type Subject, slowestMs } from './search.ts'
import { shrink, writeDownScene } from './shrink.ts'

const scriptsPerCore = 500
/** A core is made in no time. */
const shrinkTries = 3000
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

/** Then as much time goes by as the script itself says, so that a fault comes again with its scripts alone. */
function runAndWait(driven: DrivenCore, script: Script): void {
  runScript(driven, script)
  const bytes = script.packets.reduce((total, packet) => total + packet.length, 0)
  driven.advance(pick(makeChance(bytes), [0, 0, 0, 1, 100, 100_000]))
}

/** Another script from one that was kept. */
export function vary(script: Script, other: Script, chance: Chance): Script {
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
  readonly faults: readonly ScriptsFault[]
}

export interface ScriptsFault {
  readonly what: string
  /** Since the core was new. */
  readonly scripts: readonly Script[]
}

/** One core for some hundred scripts; what they do to each other belongs to a fault. */
class Scripts implements Subject<Script> {
  #driven = new DrivenCore()
  #sinceNew: Script[] = []
  readonly faults: ScriptsFault[] = []

  vary = vary

  run(script: Script): void {
    if (this.#sinceNew.length >= scriptsPerCore) this.#startAnew()
    this.#sinceNew.push(script)
    runAndWait(this.#driven, script)
  }

  failed(what: string): void {
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
  await using coverage = new Coverage(foldersOf('protocol', 'core'))
  await coverage.start()
  const subject = new Scripts()
  const search = new Search(subject, chance, coverage)
  await search.begin(Array.from({ length: scripts / 40 }, () => makeScene(pools, chance)).flat())
  const [keptAtFirst, charactersAtFirst] = [search.kept.length, coverage.characters]
  await search.goOn({ inputs: scripts })
  const { kept, inputs } = search
  const { characters } = coverage
  const { faults } = subject
  return { scripts: inputs, kept: kept.length - keptAtFirst, charactersAtFirst, characters, faults }
}

/** What goes wrong when a new core is given these scripts, one after the other; null if nothing does. */
export function faultOf(scripts: readonly Script[]): string | null {
  const driven = new DrivenCore()
  for (const script of scripts) {
    const { user: before } = process.threadCpuUsage()
    try {
      runAndWait(driven, script)
    } catch (error) {
      return error instanceof Error ? (error.stack ?? error.message) : String(error)
    }
    const spentMs = (process.threadCpuUsage().user - before) / 1000
    if (spentMs > slowestMs) return `it took ${spentMs.toFixed(0)} ms`
  }
  return null
}

/** The first line, without numbers. */
function kindOf(what: string): string {
  return (what.split('\n')[0] ?? '').replace(/\d+/g, 'N')
}

/** Writes a fault down with as few packets as bring it about; returns the name of the file. */
export async function writeDownScripts({ what, scripts }: ScriptsFault, folder: string): Promise<string> {
  const happens = (candidate: readonly Script[]): Promise<boolean> => {
    const fault = faultOf(candidate)
    return Promise.resolve(fault !== null && kindOf(fault) === kindOf(what))
  }
  return writeDownScene('core', what, await shrink(scripts, happens, shrinkTries), folder)
}
