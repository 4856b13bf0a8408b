/**
 * Topic Aliases in both directions: a number instead of a Topic Name. MQTT 5.0 sections 3.3.2.3.4 and 4.2. @hot
 *
 * Both objects belong to one Network Connection and end with it [MQTT-3.3.2-7]. An idle connection pays for neither
 * Map nor array: they are made with the first alias.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import { ProtocolViolation } from '../../protocol/protocol-violation.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'

/** What the client's aliases stand for. */
export class InboundTopicAliases {
  /** The Topic Alias Maximum of our CONNACK; 0 allows none. */
  readonly #maximum: number
  readonly #bytesMax: number
  #topicNames: Map<number, string> | null = null
  /** Of the Topic Names, roughly: characters count. */
  #bytes = 0

  /** `bytesMax`: of the Topic Names that are remembered. */
  constructor(maximum: number, bytesMax = Number.POSITIVE_INFINITY) {
    this.#maximum = maximum
    this.#bytesMax = bytesMax
  }

  /**
   * Fills in the Topic Name of a PUBLISH that has an alias alone, or remembers the one it came with. A PUBLISH without an
   * alias is left as it is. Afterwards `topicName` is not empty, unless the packet had neither.
   *
   * @throws ProtocolViolation 0x94 if the alias is 0 or above the maximum, 0x82 if nothing was sent for it before, 0x97 if the
   * Topic Names are too long together.
   */
  resolve(publish: Publish): void {
    const alias = publish.properties.topicAlias
    if (alias === undefined) return
    if (alias === 0) {
      throw new ProtocolViolation(ReasonCode.TopicAliasInvalid, 'MQTT-3.3.2-8', 'Topic Alias 0 is not allowed')
    }
    if (alias > this.#maximum) {
      const text = `Topic Alias ${alias} is above the Topic Alias Maximum of CONNACK, ${this.#maximum}`
      throw new ProtocolViolation(ReasonCode.TopicAliasInvalid, 'MQTT-3.3.2-9', text, 'topicAliasMaximum')
    }
    if (publish.topicName.length > 0) {
      this.#topicNames ??= new Map()
      this.#bytes += publish.topicName.length - (this.#topicNames.get(alias)?.length ?? 0)
      if (this.#bytes > this.#bytesMax) {
        const text = `the Topic Names of the Topic Aliases have more than ${this.#bytesMax} bytes`
        throw new ProtocolViolation(ReasonCode.QuotaExceeded, 'MQTT-4.13.1-1', text, 'topicAliasBytesMax')
      }
      this.#topicNames.set(alias, publish.topicName)
      return
    }
    const topicName = this.#topicNames?.get(alias)
    if (topicName === undefined) {
      const text = `Topic Alias ${alias} came without a Topic Name, and none was sent for it on this connection`
      throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-3.3.2-7', text)
    }
    publish.topicName = topicName
  }
}

/** Topic Names looked back on before one is called new: a name that repeats within as many gets an alias. */
const recentMax = 8
/** A property of three bytes replaces the name: below this nothing is gained. */
const shortestTopicName = 4

/**
 * The aliases we use towards the client: for Topic Names that repeat. When all are taken, the one that was not used for
 * longest, roughly, changes its meaning.
 */
export class OutboundTopicAliases {
  /** The client's Topic Alias Maximum or our own limit, whichever is lower [MQTT-3.3.2-11]. */
  readonly #maximum: number
  #table: AliasTable | null = null
  /** A ring of the last names that had no alias. */
  #recent: string[] | null = null
  #recentNext = 0

  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /**
   * The alias for the next PUBLISH: positive if it has to carry the Topic Name as well, negative if the client knows the
   * name and it is left out, 0 for no alias.
   *
   * The caller sends that packet, and sends the packets of one connection in the order in which it asked: a client that
   * meets the alias before the name must close.
   */
  assign(topicName: string): number {
    const known = this.#table?.use(topicName)
    if (known !== undefined) return -known
    if (this.#maximum === 0 || topicName.length < shortestTopicName || !this.#repeats(topicName)) return 0
    this.#table ??= new AliasTable(this.#maximum)
    return this.#table.add(topicName)
  }

  /** Whether a name without an alias was among the last ones; if so it is forgotten there, else remembered. */
  #repeats(topicName: string): boolean {
    this.#recent ??= []
    const recent = this.#recent
    for (let index = 0; index < recent.length; index += 1) {
      if (recent[index] !== topicName) continue
      recent[index] = ''
      return true
    }
    recent[this.#recentNext] = topicName
    this.#recentNext = (this.#recentNext + 1) % recentMax
    return false
  }
}

/** The aliases in use. A hand goes round for one to take back and passes over each that was used since it last came by. */
class AliasTable {
  readonly #maximum: number
  readonly #aliases = new Map<string, number>()
  /** By alias - 1. */
  readonly #topicNames: string[] = []
  /** By alias - 1: used since the hand came by. */
  readonly #wasUsed: boolean[] = []
  #hand = 0

  constructor(maximum: number) {
    this.#maximum = maximum
  }

  use(topicName: string): number | undefined {
    const alias = this.#aliases.get(topicName)
    if (alias !== undefined) this.#wasUsed[alias - 1] = true
    return alias
  }

  add(topicName: string): number {
    const alias = this.#topicNames.length < this.#maximum ? this.#topicNames.length + 1 : this.#takeBack()
    this.#aliases.set(topicName, alias)
    this.#topicNames[alias - 1] = topicName
    this.#wasUsed[alias - 1] = false
    return alias
  }

  /** Frees an alias. Ends within two rounds: the first leaves none marked as used. */
  #takeBack(): number {
    for (;;) {
      const index = this.#hand
      this.#hand = (index + 1) % this.#maximum
      if (this.#wasUsed[index] === true) {
        this.#wasUsed[index] = false
        continue
      }
      this.#aliases.delete(this.#topicNames[index] ?? '')
      return index + 1
    }
  }
}
