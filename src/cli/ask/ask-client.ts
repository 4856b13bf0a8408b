/**
 * Asks a running broker over MQTT 5.0: one request after the other on `$pabal/NAME`, the answers on a reply of its own.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Publish } from '../../protocol/packets/publish.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { ConnectionLost, ConnectionRefused, ServerDisconnected } from '../client/client-errors.ts'
import { channelFaultText, lostConnectionAdvice } from '../client/connect-advice.ts'
import type { OutgoingMessage } from '../client/message-window.ts'
import { MqttClient } from '../client/mqtt-client.ts'
import { ChannelError, type ChannelTarget, openChannel } from '../client/open-channel.ts'
import { reasonText } from '../mosquitto/texts.ts'
import { placeName } from '../mosquitto/tool-connection.ts'
import { AskFault, requestFault } from './ask-fault.ts'
import type { AskTarget } from './ask-flags.ts'

/** The JSON object of an answer. */
export type Answer = Readonly<Record<string, unknown>>

const tooEarlyMs = 100

interface Waiting {
  resolve(answer: Answer): void
  reject(error: Error): void
}

export class AskClient {
  readonly #client: MqttClient
  readonly #replyTopicName = `$pabal/ask/${randomUUID()}/reply`
  readonly #waiting = new Map<string, Waiting>()
  readonly #timeoutMs: number
  #lastNumber = 0
  /** The connection is over. */
  #ended: AskFault | null = null

  /** Connects, and subscribes to its replies. @throws AskFault */
  static async open(target: AskTarget): Promise<AskClient> {
    const asker = new AskClient(target)
    await asker.#connect(target)
    return asker
  }

  private constructor({ clientIdentifier, userName, password, timeoutMs }: AskTarget) {
    this.#timeoutMs = timeoutMs
    this.#client = new MqttClient(
      {
        protocolVersion: 5,
        clientIdentifier,
        cleanStart: true,
        keepAliveSeconds: 60,
        userName,
        password: password === null ? null : Buffer.from(password),
        will: null,
        properties: {},
        inFlightMax: 16,
      },
      { onMessage: (message) => this.#receive(message), onClosed: (reason) => this.#closed(reason) },
    )
  }

  /**
   * One request and its answer.
   * @throws AskFault if the broker refuses, does not understand, or does not answer in time.
   */
  async ask(name: string, fields: Readonly<Record<string, unknown>>): Promise<Answer> {
    this.#lastNumber += 1
    const number = `${this.#lastNumber}`
    const properties = { responseTopic: this.#replyTopicName, correlationData: Buffer.from(number) }
    const payload = Buffer.from(JSON.stringify(fields))
    const request = { topicName: `$pabal/${name}`, payload, qos: 1, retain: false, properties } as const
    const answer = await this.#exchange(number, () => this.#send(request, number))
    if (answer.error !== undefined) throw requestFault(answer.error)
    return answer
  }

  /**
   * Subscribes to a Topic Name, publishes there at QoS 1, and returns the milliseconds until the message was acknowledged and
   * has come back. Messages of others on that Topic Name are passed over.
   * @throws AskFault
   */
  async roundTrip(topicName: string): Promise<number> {
    await this.#subscribe(topicName, `the Subscription to ${topicName}`)
    const mark = randomUUID()
    const startedAtMs = performance.now()
    const message = { topicName, payload: Buffer.from('{}'), qos: 1, retain: false } as const
    const properties = { correlationData: Buffer.from(mark), messageExpiryInterval: 60 }
    await this.#exchange(mark, async () => {
      const outcome = await this.#client.publish({ ...message, properties })
      if (outcome.reasonCode < 0x80) return
      throw refusedFault(`the message on ${topicName}`, outcome.reasonCode, outcome.properties.reasonString)
    })
    return performance.now() - startedAtMs
  }

  /** Sends what will be answered with a message that carries this mark; waits for both. */
  async #exchange(mark: string, send: () => Promise<void>): Promise<Answer> {
    if (this.#ended !== null) throw this.#ended
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#waiting.set(mark, { resolve, reject })
    const timer = setTimeout(() => {
      const seconds = this.#timeoutMs / 1000
      reject(new AskFault(`The broker did not answer within ${seconds} seconds. Is it Pabal? --timeout waits longer.`))
    }, this.#timeoutMs)
    try {
      const sent = send()
      sent.catch(reject)
      const answer = await promise
      await sent
      return answer
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(mark)
    }
  }

  /** A broker takes so many requests a second: one that is too early is sent again a little later, while somebody waits. */
  async #send(message: OutgoingMessage, number: string): Promise<void> {
    while (this.#waiting.has(number)) {
      const { reasonCode, properties } = await this.#client.publish(message)
      if (reasonCode < 0x80) return
      if (reasonCode !== ReasonCode.QuotaExceeded) {
        throw refusedFault(`the request ${message.topicName}`, reasonCode, properties.reasonString)
      }
      await sleep(tooEarlyMs)
    }
  }

  /** The pages of a long answer, each as it comes: the first has the facts, too. @throws AskFault */
  async *pages(name: string, fields: Readonly<Record<string, unknown>>): AsyncGenerator<Answer, void> {
    let answer = await this.ask(name, fields)
    yield answer
    while (typeof answer.cursor === 'string') {
      answer = await this.ask(name, { limit: fields.limit, cursor: answer.cursor })
      yield answer
    }
  }

  close(): Promise<void> {
    return this.#client.disconnect()
  }

  async #connect({ channel }: AskTarget): Promise<void> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      const text = `${placeName(channel)} did not answer within ${this.#timeoutMs / 1000} seconds. --timeout waits longer.`
      late.reject(new AskFault(text))
      this.#client.destroy()
    }, this.#timeoutMs)
    try {
      await Promise.race([this.#openAndSubscribe(channel), late.promise])
    } catch (error) {
      throw connectFault(error, channel)
    } finally {
      clearTimeout(timer)
    }
  }

  async #openAndSubscribe(channel: ChannelTarget): Promise<void> {
    await this.#client.connect(await openChannel(channel))
    await this.#subscribe(this.#replyTopicName, 'the Subscription to the answers')
  }

  async #subscribe(topicFilter: string, what: string): Promise<void> {
    const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
    const { reasonCodes, properties } = await this.#client.subscribe([{ topicFilter, ...options }])
    const [reasonCode = 0x80] = reasonCodes
    if (reasonCode >= 0x80) throw refusedFault(what, reasonCode, properties.reasonString)
  }

  #receive({ payload, properties }: Publish): void {
    const waiting = this.#waiting.get(Buffer.from(properties.correlationData ?? []).toString())
    if (waiting === undefined) return
    try {
      const answer: unknown = JSON.parse(payload.toString())
      if (typeof answer !== 'object' || answer === null) throw new SyntaxError('it is no JSON object')
      // Any object can be looked at by names.
      waiting.resolve(answer as Answer)
    } catch (error) {
      waiting.reject(new AskFault('The answer is not the JSON of a Pabal broker.', error))
    }
  }

  #closed(reason: Error | null): void {
    const said = reason === null ? '' : `: ${reason.message}`
    this.#ended = new AskFault(`The connection to the broker ended${said}.`)
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
  }
}

function refusedFault(what: string, reasonCode: number, reason: string | undefined): AskFault {
  const hex = reasonCode.toString(16).padStart(2, '0')
  return new AskFault(
    `The broker refused ${what}: 0x${hex} ${reasonText(reasonCode)}${reason === undefined ? '' : `, ${reason}`}.`,
  )
}

function connectFault(error: unknown, channel: ChannelTarget): unknown {
  const place = placeName(channel)
  if (error instanceof ChannelError) {
    const advice =
      error.code === 'ECONNREFUSED' ? '\nNothing listens there; "pabal start" starts a broker on this machine.' : ''
    return new AskFault(`Cannot connect to ${place}: ${channelFaultText(error)}.${advice}`, error)
  }
  if (error instanceof ConnectionRefused) {
    const { reasonCode, properties } = error.connack
    return refusedFault(`the connection to ${place}`, reasonCode, properties.reasonString)
  }
  if (error instanceof ConnectionLost || error instanceof ServerDisconnected) {
    const advice = lostConnectionAdvice(error, channel)
    return new AskFault(`The connection to ${place} ended: ${advice ?? error.message}.`, error)
  }
  return error
}
