/**
 * What has happened to each client of late: the events that name it, newest kept, for whoever asks afterwards.
 *
 * Bounded in all and for each client, in memory only. The client that nothing has happened to for longest makes room first, so that
 * one that comes and goes all the time does not push out the others. Kept apart, and fewer, is what may have any number of names:
 * refusals, and clients that had the broker make up their Client Identifier, as tools that come for a moment do.
 */
import type { BrokerEvent } from '../core/event.ts'

/** Events that are remembered. */
const historyEventTypes = [
  'connected',
  'disconnected',
  'refused',
  'subscribed',
  'unsubscribed',
  'queuePurged',
  'sessionCreated',
  'sessionTakenOver',
  'sessionEnded',
] as const

export type ClientHistoryEvent = Extract<BrokerEvent, { type: (typeof historyEventTypes)[number] }>

export interface PastEvent {
  /** Milliseconds since 1970. */
  readonly atMs: number
  /** Counts up: several events may have one time. */
  readonly order: number
  readonly event: ClientHistoryEvent
}

/** Events of one client, whatever its account. */
const perClientMax = 100
/** Of all that may be kept, the part for those who may have any number of names. */
const passersShare = 1 / 8
/** What the shell makes up: `pabal-` and a UUID. */
const madeUpLength = 'pabal-'.length + 36
/** So many characters of names and reasons make an event count once more. */
const charactersPerWeight = 1024

export class ClientHistory {
  readonly #events: Shelf
  readonly #passers: Shelf
  #lastOrder = 0

  /** `eventsMax` is asked each time: it may change. */
  constructor(eventsMax: () => number) {
    this.#events = new Shelf(() => Math.ceil(eventsMax() * (1 - passersShare)))
    this.#passers = new Shelf(() => Math.floor(eventsMax() * passersShare))
  }

  note(event: BrokerEvent, atMs: number): void {
    if (!isRemembered(event) || event.clientIdentifier === null) return
    const isPassing = event.type === 'refused' || isMadeUp(event.clientIdentifier)
    const shelf = isPassing ? this.#passers : this.#events
    this.#lastOrder += 1
    shelf.put(event.clientIdentifier, { atMs, order: this.#lastOrder, event })
  }

  /** Newest first. */
  of(clientIdentifier: string): PastEvent[] {
    const events = this.#events.of(clientIdentifier)?.events ?? []
    const passing = this.#passers.of(clientIdentifier)?.events ?? []
    const all =
      passing.length === 0 ? [...events] : [...events, ...passing].sort((one, other) => one.order - other.order)
    return all.reverse()
  }

  /** Events of this client that have made room for others, since it was last forgotten altogether. */
  forgottenOf(clientIdentifier: string): number {
    return (this.#events.of(clientIdentifier)?.forgotten ?? 0) + (this.#passers.of(clientIdentifier)?.forgotten ?? 0)
  }
}

function isMadeUp(clientIdentifier: string): boolean {
  return clientIdentifier.length === madeUpLength && clientIdentifier.startsWith('pabal-')
}

const remembered: ReadonlySet<string> = new Set(historyEventTypes)

function isRemembered(event: BrokerEvent): event is ClientHistoryEvent {
  return remembered.has(event.type)
}

/** What is kept of one client, between those that something happened to before and after. */
interface Folder {
  readonly clientIdentifier: string
  readonly events: PastEvent[]
  forgotten: number
  before: Folder | null
  after: Folder | null
}

/** Folders in the order in which something last happened. */
class Shelf {
  readonly #folders = new Map<string, Folder>()
  readonly #weightMax: () => number
  #first: Folder | null = null
  #last: Folder | null = null
  #weight = 0

  constructor(weightMax: () => number) {
    this.#weightMax = weightMax
  }

  of(clientIdentifier: string): Folder | undefined {
    return this.#folders.get(clientIdentifier)
  }

  put(clientIdentifier: string, past: PastEvent): void {
    const folder = this.#folderOf(clientIdentifier)
    const weight = weightOf(past.event)
    folder.events.push(past)
    this.#weight += weight
    if (folder.events.length > perClientMax) this.#forgetOldest(folder)
    while (this.#first !== null && this.#weight > this.#weightMax()) this.#forgetOldest(this.#first)
  }

  /** Behind all others. */
  #folderOf(clientIdentifier: string): Folder {
    let folder = this.#folders.get(clientIdentifier)
    if (folder === undefined) {
      folder = { clientIdentifier, events: [], forgotten: 0, before: null, after: null }
      this.#folders.set(clientIdentifier, folder)
    } else if (folder === this.#last) return folder
    else this.#takeOut(folder)
    folder.before = this.#last
    if (this.#last === null) this.#first = folder
    else this.#last.after = folder
    this.#last = folder
    return folder
  }

  #takeOut(folder: Folder): void {
    const { before, after } = folder
    if (before === null) this.#first = after
    else before.after = after
    if (after === null) this.#last = before
    else after.before = before
    folder.before = null
    folder.after = null
  }

  #forgetOldest(folder: Folder): void {
    const oldest = folder.events.shift()
    if (oldest !== undefined) {
      const weight = weightOf(oldest.event)
      folder.forgotten += 1
      this.#weight -= weight
    }
    if (folder.events.length > 0) return
    this.#folders.delete(folder.clientIdentifier)
    this.#takeOut(folder)
  }
}

function weightOf(event: ClientHistoryEvent): number {
  let characters = event.clientIdentifier?.length ?? 0
  if ('topicFilter' in event) characters += event.topicFilter.length
  if ('reason' in event) characters += event.reason.length
  if ('account' in event) characters += event.account.length
  return 1 + Math.floor(characters / charactersPerWeight)
}
