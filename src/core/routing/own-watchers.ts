/**
 * How many Subscriptions there are to what the broker itself has to say: while there is none, nothing is made for them.
 */
import { eventTopicNames, messageEventTypes } from '../event-topics.ts'
import { topicFilterMatches } from './topic-filter.ts'

const dollar = 0x24
const eventNames = Object.values(eventTopicNames).filter((name) => name !== null)
const messageEventNames = Object.entries(eventTopicNames).flatMap(([type, name]) =>
  name !== null && messageEventTypes.has(type) ? [name] : [],
)

/** Whether a Topic Filter, without `$share/name/`, is for the values below `$SYS`. */
export function isForSys(filter: string): boolean {
  return filter === '$SYS' || filter.startsWith('$SYS/')
}

export class OwnWatchers {
  /** Subscriptions that match some event. */
  events = 0
  /** Those that match an event about messages or copies. */
  messageEvents = 0
  /** Subscriptions that may match something below `$SYS`. */
  sys = 0
  readonly #changed: () => void

  /** `changed` is called after each change. */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** A Subscription to `filter`, without `$share/name/`, has been made (1) or removed (-1). */
  count(filter: string, change: 1 | -1): void {
    if (filter.charCodeAt(0) !== dollar) return
    const matches = (name: string): boolean => topicFilterMatches(filter, name)
    if (isForSys(filter)) this.sys += change
    else if (eventNames.some(matches)) {
      this.events += change
      if (messageEventNames.some(matches)) this.messageEvents += change
    } else return
    this.#changed()
  }
}
