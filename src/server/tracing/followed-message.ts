/**
 * One message that is traced: its spans, and what they are made of.
 *
 * `receive` lasts until the broker answers for the message: it is decided what becomes of it, and what must survive is durable. Below it
 * are `route`, `store` and, of copies that go out at once, `deliver`. What goes out later (the client was away, or its window was full) is
 * another matter: a `deliver` of its own, below the publisher's span and linked to `receive`.
 */
import type { Attributes, Context, Span } from '@opentelemetry/api'
import type { MessageTrace } from '../../core/message-tracer.ts'
import type { CopyFate, MessageFate, NotedMessage, Publisher } from '../../core/routing/fate.ts'
import { snakeCase } from '../../metrics/metric.ts'
import type { SpanMaker } from './span-maker.ts'

/** A copy on its way. */
interface Delivery {
  readonly beganMs: number
  /** The number of the input it went out in. */
  readonly input: number
}

/** That nobody listens is no failure: the rule says what is to become of the message then. */
const failed: ReadonlySet<MessageFate> = new Set<MessageFate>([
  'refused',
  'expired',
  'droppedHoldFull',
  'droppedByOperator',
])
const arrived: ReadonlySet<CopyFate> = new Set<CopyFate>(['acknowledged', 'sentQos0'])

export class FollowedMessage implements MessageTrace {
  readonly seq: number
  readonly #spans: SpanMaker
  readonly #publisher: Context
  readonly #attributes: Attributes
  readonly #inputNow: () => number
  readonly #input: number
  #receive: Span | null = null
  #decidedMs = 0
  /** Copies that are out. */
  readonly #deliveries = new Map<Publisher, Delivery>()

  constructor(
    spans: SpanMaker,
    publisher: Context,
    { seq, topicName, publish }: Pick<NotedMessage, 'seq' | 'topicName' | 'publish'>,
    inputNow: () => number,
  ) {
    this.seq = seq
    this.#spans = spans
    this.#publisher = publisher
    this.#inputNow = inputNow
    this.#input = inputNow()
    this.#attributes = {
      'messaging.system': 'mqtt',
      'messaging.destination.name': topicName,
      ...(seq > 0 ? { 'messaging.message.id': String(seq) } : {}),
      ...(publish === null ? {} : { 'messaging.message.body.size': publish.payloadSize, 'pabal.qos': publish.qos }),
    }
  }

  /** It has come in, and its fate is known. False if whoever set up the SDK does not want it. */
  receive(
    fate: MessageFate,
    rule: string,
    { publish, publisher, matched, reason }: NotedMessage,
    arrivedMs: number,
  ): boolean {
    const packetId = publish?.packetId ?? 0
    const receive = this.#spans.begin('receive', this.#publisher, {
      kind: 'CONSUMER',
      beganMs: arrivedMs,
      attributes: {
        ...this.#attributes,
        'messaging.operation.name': 'receive',
        'messaging.operation.type': 'receive',
        ...clientId(publisher),
        ...(packetId === 0 ? {} : { 'pabal.packet_identifier': packetId }),
        'pabal.retain': publish?.retain ?? false,
        ...fateOf(fate, failed.has(fate)),
      },
      failure: failed.has(fate) ? (reason ?? fate) : null,
    })
    if (!receive.isRecording()) return false
    this.#receive = receive
    this.#decidedMs = this.#spans.nowMs()
    this.#route(fate, rule, matched, this.#spans.below(receive), arrivedMs, null)
    return true
  }

  /** It was held, and that is over. */
  notedAgain(fate: MessageFate, rule: string): void {
    this.#decidedMs = this.#spans.nowMs()
    this.#route(fate, rule, null, this.#publisher, this.#decidedMs, this.#receive)
  }

  #route(
    fate: MessageFate,
    rule: string,
    matched: number | null,
    parent: Context,
    beganMs: number,
    linkTo: Span | null,
  ) {
    const attributes = {
      ...this.#attributes,
      'messaging.operation.name': 'route',
      'pabal.rule': rule,
      ...(matched === null ? {} : { 'pabal.matched': matched }),
      ...fateOf(fate, failed.has(fate)),
    }
    this.#spans.make('route', parent, { kind: 'INTERNAL', beganMs, attributes, linkTo }, this.#decidedMs)
  }

  /** Nothing of it has to become durable any more. */
  stored(): void {
    const receive = this.#receive
    if (receive === null) return
    const endedMs = this.seq === 0 ? this.#decidedMs : this.#spans.nowMs()
    if (this.seq > 0) {
      const attributes = { ...this.#attributes, 'messaging.operation.name': 'store' }
      const facts = { kind: 'INTERNAL', beganMs: this.#decidedMs, attributes } as const
      this.#spans.make('store', this.#spans.below(receive), facts, endedMs)
    }
    this.#spans.end(receive, endedMs)
  }

  sent(to: Publisher): void {
    // Sent again after a new connection: it is still the same delivery.
    if (this.#deliveries.has(to)) return
    this.#deliveries.set(to, { beganMs: this.#spans.nowMs(), input: this.#inputNow() })
  }

  ended(fate: CopyFate, to: Publisher): void {
    const endedMs = this.#spans.nowMs()
    const input = this.#inputNow()
    const beganMs = fate === 'sentQos0' && input === this.#input ? this.#decidedMs : endedMs
    const delivery = this.#deliveries.get(to) ?? { beganMs, input }
    this.#deliveries.delete(to)
    const receive = this.#receive
    const isPartOf = receive !== null && delivery.input === this.#input
    const attributes = {
      ...this.#attributes,
      'messaging.operation.name': 'deliver',
      'messaging.operation.type': 'send',
      ...clientId(to),
      ...fateOf(fate, !arrived.has(fate)),
    }
    const parent = isPartOf ? this.#spans.below(receive) : this.#publisher
    const linkTo = isPartOf ? null : receive
    const failure = arrived.has(fate) ? null : fate
    const facts = { kind: 'PRODUCER', beganMs: delivery.beganMs, attributes, linkTo, failure } as const
    this.#spans.make('deliver', parent, facts, endedMs)
  }
}

function clientId(client: Publisher | null): Attributes {
  return client === null ? {} : { 'messaging.client.id': client.clientIdentifier }
}

function fateOf(fate: MessageFate | CopyFate, isFailure: boolean): Attributes {
  const name = snakeCase(fate)
  return isFailure ? { 'pabal.fate': name, 'error.type': name } : { 'pabal.fate': name }
}
