/**
 * What the broker does, as lines of the log. It only listens to events: nothing in the broker knows of it.
 *
 * No payload, password or User Property ever stands in a line: the events have none.
 */
import type { BrokerEvent } from '../../core/event.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { Broker } from '../embedded-broker.ts'
import type { FloodLine } from './flood.ts'
import type { Log } from './log.ts'

type EventOf<Type extends BrokerEvent['type']> = Extract<BrokerEvent, { type: Type }>
type Level = FloodLine['level']

interface Telling<Type extends BrokerEvent['type']> {
  /** At most this serious: if the log has no such lines, nobody asks for the event. */
  readonly level: Level | ((event: EventOf<Type>) => Level)
  readonly text: string
  /** What makes it the same line again. */
  readonly same: (event: EventOf<Type>) => string
}

const byClient = (event: { readonly clientIdentifier: string; readonly account: string }): string =>
  `${event.account}\0${event.clientIdentifier}`
const byRule = (event: { readonly rule: string; readonly reason: string | null }): string =>
  `${event.rule}\0${event.reason}`

/** How a connection may end without anything being wrong. */
const quietEnds: ReadonlySet<number> = new Set([
  ReasonCode.Success,
  ReasonCode.DisconnectWithWillMessage,
  ReasonCode.ServerShuttingDown,
  ReasonCode.SessionTakenOver,
  // Its token was over.
  ReasonCode.MaximumConnectTime,
])

type Tellings = { readonly [Type in BrokerEvent['type']]: Telling<Type> | null }

const tellings: Tellings = {
  connected: { level: 'info', text: 'a client was let in', same: byClient },
  disconnected: {
    level: ({ reasonCode }) => (quietEnds.has(reasonCode) ? 'info' : 'warn'),
    text: 'the connection of a client is over',
    same: byClient,
  },
  refused: {
    level: 'warn',
    text: 'a connection was not let in',
    same: ({ remoteAddress, reason }) => `${remoteAddress.replace(/:\d+$/, '')}\0${reason}`,
  },
  sessionTakenOver: { level: 'info', text: 'another connection has taken a Session over', same: byClient },
  sessionEnded: {
    level: ({ messages }) => (messages > 0 ? 'warn' : 'debug'),
    text: 'a Session has ended',
    same: byClient,
  },
  sessionCreated: { level: 'debug', text: 'a client has a new Session', same: byClient },
  subscribed: { level: 'debug', text: 'a client has subscribed', same: byClient },
  unsubscribed: { level: 'debug', text: 'a client has unsubscribed', same: byClient },
  queuePurged: { level: 'warn', text: 'an operator gave up what waited for a client', same: byClient },
  wake: { level: 'debug', text: 'something waits for a client that is away', same: byClient },
  messageUnmatched: { level: 'debug', text: 'nobody listens for a message', same: byRule },
  messageHeld: { level: 'debug', text: 'a message is held until somebody listens', same: byRule },
  messageDeadLettered: { level: 'debug', text: 'a message has become a dead letter', same: byRule },
  messageExpired: { level: 'warn', text: 'a held message was not fetched in its time', same: byRule },
  messageRefused: { level: 'warn', text: 'a message was refused', same: byRule },
  messageDropped: { level: 'warn', text: 'a held message was given up', same: byRule },
  copyDropped: {
    level: 'warn',
    text: 'a client goes without a message',
    same: (event) => `${byClient(event)}\0${event.reason}`,
  },
  eventsLeftOut: { level: 'warn', text: 'more happened to messages than is told of', same: () => '' },
  // One for every message: `pabal trace` is for those.
  published: null,
}

/**
 * Writes down what the broker tells from now on. What it returns is to be called when the level of the log has changed: to listen has
 * a price, because events about messages are only made for somebody.
 */
export function logBroker(broker: Broker, log: Log): () => void {
  // The table has the names of all events and of nothing else.
  const changes = (Object.keys(tellings) as BrokerEvent['type'][]).map((type) => follow(broker, log, type))
  broker.on('storeTakesMessages', (takes) => {
    if (takes) log.say('info', 'storeTakesMessages', 'the store takes messages again')
    else log.say('error', 'storeRefuses', 'the store takes no messages: publishers are refused until there is room')
  })
  broker.on('memoryIsShort', (isShort, use) => {
    if (isShort) {
      const text =
        'the process takes more memory than it may (limits.memoryBytesMax): messages and new clients are refused'
      log.say('error', 'memoryIsShort', text, use)
    } else log.say('info', 'memoryIsEnough', 'there is enough memory again: messages and new clients are taken in', use)
  })
  broker.on('fault', (error) => {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
    const fields = { name, reason: message, stack }
    log.tell({ level: 'error', event: 'fault', text: 'something called for a client threw', fields, same: message })
  })
  return () => {
    for (const levelChanged of changes) levelChanged()
  }
}

function follow<Type extends BrokerEvent['type']>(broker: Broker, log: Log, type: Type): () => void {
  const telling: Telling<Type> | null = tellings[type]
  if (telling === null) return () => {}
  const { level, text, same } = telling
  const tell = (event: EventOf<Type>): void => {
    const { type: _, ...fields } = event
    const written = typeof level === 'string' ? level : level(event)
    log.tell({ level: written, event: type, text, fields, same: same(event) })
  }
  let isFollowed = false
  const levelChanged = (): void => {
    const isWanted = typeof level !== 'string' || log.has(level)
    if (isWanted === isFollowed) return
    isFollowed = isWanted
    // What is listened for is what comes, which the compiler cannot follow through the union.
    if (isWanted) broker.on(type, tell as never)
    else broker.off(type, tell as never)
  }
  levelChanged()
  return levelChanged
}
