/**
 * The room in which somebody subscribes without an MQTT client, to try it out: each message is told as a server-sent event.
 *
 * It is a real Subscription with a Session of its own, so it counts like any other. The Session ends with the stream, so what is held at
 * QoS 1 and 2 stays held. Every message is taken at once: what is more than a page can show, or is not read, is counted and left out, so that it
 * holds nothing up and nothing waits for it.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { CoreState } from '../../core/state.ts'
import type { BrokerAccess } from '../../server/admin-part.ts'
import type { ReceivedMessage } from '../../server/local-link.ts'
import { SubscribeFault } from '../../server/local-subscriptions.ts'
import { contentOf } from '../../server/requests/content.ts'
import type { SubscribeEvent } from '../api-types.ts'
import { EventStream } from '../event-stream.ts'
import { problem } from '../problem.ts'
import { type RawVisit, type Room, room } from '../room.ts'
import { countInQuery } from '../schemas/bodies.ts'
import { subscribeEventSchema } from '../schemas/rows.ts'

const perSecondUsual = 100
const perSecondMax = 1000

export const subscribingRooms: readonly Room[] = [
  room({
    method: 'get',
    path: '/subscribe',
    isStream: true,
    tag: 'Messages',
    summary: 'Subscribes, and tells each message as a server-sent event, until whoever asks goes.',
    description:
      'A real Subscription with a Session of its own: it counts as a listener unless its Topic Filter only observes, and a shared group gives it its share. The Session ends with the stream, so messages that are held at QoS 1 and 2 stay held. `data` is JSON; messages beyond `rate`, or that are not read in time, are counted in an event `leftOut`.',
    scope: 'admin',
    query: {
      filter: z.string().min(1).max(65_535).describe('A Topic Filter; $share/GROUP/… takes part in a shared group'),
      qos: z.enum(['0', '1', '2']).optional().describe('The highest QoS; 0 if it is left out'),
      rate: countInQuery(
        perSecondMax,
        `Messages a second: 1 to ${perSecondMax}; ${perSecondUsual} if it is left out`,
      ).optional(),
    },
    answers: {
      200: { description: 'A stream of events', schema: subscribeEventSchema, contentType: 'text/event-stream' },
    },
    handle: (visit) => {
      const { filter, qos = '0', rate = perSecondUsual } = visit.query
      return subscribe(visit, filter, qos === '0' ? 0 : qos === '1' ? 1 : 2, rate)
    },
  }),
]

/** @throws HttpProblem */
async function subscribe(visit: RawVisit, filter: string, qos: 0 | 1 | 2, rate: number): Promise<Response> {
  const { broker, remoteAddress, signal } = visit
  const telling = new Telling(visit, rate)
  const clientIdentifier = `pabal-http-${randomUUID()}`
  const begin = (): void =>
    telling.begin({ clientIdentifier, topicFilter: filter, qos, ...standing(broker.state, clientIdentifier, filter) })
  const take = (message: ReceivedMessage): void => {
    // Retained Messages may be faster than the answer below.
    begin()
    telling.take(message)
  }
  const from = { clientIdentifier, remoteAddress, listener: 'http' }
  try {
    const { unsubscribe } = await broker.subscribe(filter, { qos }, take, { from, ended: () => telling.end() })
    telling.whenGone = () => void unsubscribe().catch((error) => broker.reportFault(error))
    // It may have gone while the Subscription was made.
    if (signal.aborted) telling.whenGone()
    begin()
  } catch (error) {
    telling.stream.end()
    if (!(error instanceof SubscribeFault)) throw error
    const found = `${JSON.stringify(filter.slice(0, 200))}: ${error.reason}`
    throw problem(
      'bad-request',
      'query.filter',
      found,
      'a Topic Filter',
      'correct it: # only at the end, + alone in its level',
    )
  }
  return telling.stream.response
}

function standing({ sessions }: CoreState, clientIdentifier: string, filter: string): { readonly observer: boolean } {
  const subscription = sessions.get('', clientIdentifier)?.subscriptions.get(filter)
  return { observer: subscription?.isObserver === true }
}

type Subscribed = Extract<SubscribeEvent, { type: 'subscribed' }>

/** Tells the messages, so many a second at most, and how many it did not tell. */
class Telling {
  readonly stream: EventStream
  whenGone = (): void => {}
  readonly #broker: BrokerAccess
  readonly #perSecondMax: number
  #hasBegun = false
  #sent = 0
  #leftOut = 0

  constructor(visit: RawVisit, perSecondMax: number) {
    this.#broker = visit.broker
    this.#perSecondMax = perSecondMax
    this.stream = new EventStream(visit, {
      eachSecond: () => {
        this.#sent = 0
        this.#tellLeftOut()
      },
      ended: () => this.whenGone(),
    })
  }

  begin(subscribed: Omit<Subscribed, 'type' | 'atMs' | 'perSecondMax'>): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    this.#tell({ type: 'subscribed', atMs: this.#broker.nowMs(), ...subscribed, perSecondMax: this.#perSecondMax })
  }

  take(message: ReceivedMessage): void {
    const { topicName: topic, qos, retain } = message
    const hasRoom = this.#sent < this.#perSecondMax
    const atMs = this.#broker.nowMs()
    if (hasRoom && this.#tell({ type: 'message', atMs, topic, qos, retain, ...contentOf(message) })) this.#sent += 1
    else this.#leftOut += 1
  }

  /** The broker has ended the Session. */
  end(): void {
    this.#tellLeftOut()
    this.#tell({ type: 'ended', atMs: this.#broker.nowMs() })
    this.stream.end()
  }

  #tellLeftOut(): void {
    if (this.#leftOut === 0) return
    if (this.#tell({ type: 'leftOut', atMs: this.#broker.nowMs(), count: this.#leftOut })) this.#leftOut = 0
  }

  #tell(event: SubscribeEvent): boolean {
    return this.stream.send(event, event.atMs)
  }
}
