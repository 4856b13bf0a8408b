/**
 * `pabal rr`, and mosquitto_rr by its name: subscribes to where the answer comes, sends a request, prints the first
 * message that arrives, and ends. MQTT 5.0 section 4.10; with 3.1.1 the other side must know where to answer.
 */
import type { DisconnectProperties, PublishProperties, Subscribe } from '../protocol/control-packet.ts'
import type { Publish } from '../protocol/packets/publish.ts'
import { ReasonCode } from '../protocol/reason-code.ts'
import { ConnectionRefused, UnsendableMessage } from './client/client-errors.ts'
import { type FailureContext, reportFailure } from './mosquitto/failures.ts'
import type { Invocation } from './mosquitto/invocation.ts'
import { MessagePrinter } from './mosquitto/message-printer.ts'
import { loadMessage } from './mosquitto/message-source.ts'
import { timerMs } from './mosquitto/numbers.ts'
import type { Options } from './mosquitto/options.ts'
import { packetProperties } from './mosquitto/property-flag.ts'
import { SetupError } from './mosquitto/setup-error.ts'
import { startTool } from './mosquitto/start-tool.ts'
import { reasonText } from './mosquitto/texts.ts'
import { ToolConnection, timedOutCode } from './mosquitto/tool-connection.ts'
import type { ToolOutput } from './mosquitto/tool-output.ts'
import { UsageError } from './mosquitto/usage-error.ts'

const noMatchingSubscribers = 0x10

export function runRr(invocation: Invocation, argv: readonly string[]): Promise<number> {
  return startTool(invocation, argv, async (options, output) => {
    const { topicName, responseTopic, messageMode } = options
    if (topicName === null || responseTopic === null || messageMode === 'none') {
      throw new UsageError('Error: All of topic, message, and response topic must be supplied.\n')
    }
    if (options.properties.some(({ command, name }) => command === 'publish' && name === 'response-topic')) {
      throw new SetupError('Error in PUBLISH properties: Duplicate response topic.\n')
    }
    // Debian's tool takes -f and -s and sends nothing for them.
    const isIgnored = invocation.isDropIn && (messageMode === 'file' || messageMode === 'stdin')
    const payload = isIgnored ? Buffer.alloc(0) : await loadMessage(options, output)
    return payload === null ? 1 : new RrRun(invocation, options, output, { topicName, responseTopic, payload }).run()
  })
}

interface Request {
  readonly topicName: string
  readonly responseTopic: string
  readonly payload: Buffer
}

class RrRun {
  readonly #options: Options
  readonly #output: ToolOutput
  readonly #request: Request
  readonly #connection: ToolConnection
  readonly #context: FailureContext
  readonly #printer: MessagePrinter
  readonly #isDropIn: boolean
  readonly #outcome = Promise.withResolvers<number>()
  #isDone = false
  #sentAtMs = 0

  constructor(invocation: Invocation, options: Options, output: ToolOutput, request: Request) {
    this.#options = options
    this.#output = output
    this.#request = request
    this.#isDropIn = invocation.isDropIn
    this.#printer = new MessagePrinter(options, invocation.isDropIn)
    this.#connection = new ToolConnection(options, invocation, output, {
      onConnected: () => this.#subscribe(),
      onPacket: ({ direction, packet }) => {
        if (direction === 'received' && packet.type === 'suback') this.#ask(packet.reasonCodes[0] ?? 0)
      },
      onMessage: (message) => this.#receive(message),
      onClosed: (reason) => {
        if (reason !== null) this.#outcome.reject(reason)
      },
    })
    this.#context = { invocation, options, output, connection: this.#connection }
  }

  async run(): Promise<number> {
    const { client } = this.#connection
    const { timeoutSeconds } = this.#options
    let timer: NodeJS.Timeout | undefined
    try {
      const channel = await this.#connection.open()
      if (timeoutSeconds > 0) timer = setTimeout(() => this.#timeOut(), timerMs(timeoutSeconds))
      await client.connect(channel)
      return await this.#outcome.promise
    } catch (error) {
      if (error instanceof ConnectionRefused) await client.disconnect()
      if (this.#isDone) return await this.#outcome.promise
      return reportFailure(error, this.#context)
    } finally {
      clearTimeout(timer)
      client.destroy()
    }
  }

  #subscribe(): void {
    const { qos, properties } = this.#options
    // Debian's tool knows the flag and does not heed it.
    const retainAsPublished = this.#options.retainAsPublished && !this.#isDropIn
    const subscription = { topicFilter: this.#request.responseTopic, qos, noLocal: false, retainAsPublished }
    const request = this.#connection.client.subscribe(
      [{ ...subscription, retainHandling: 0 }],
      packetProperties<Subscribe['properties']>(properties, 'subscribe'),
    )
    // It fails when the connection ends, which `onClosed` tells, or because the server takes no packet of that size.
    request.catch((error: Error) => this.#outcome.reject(error))
  }

  /** Done as SUBACK comes, so that the request is sent before a retained message on the answer's topic ends the run. */
  #ask(subscribedCode: number): void {
    if (subscribedCode >= 0x80) {
      this.#output.complain(`${reasonText(subscribedCode)}\n`)
      this.#finish(this.#isDropIn ? 0 : subscribedCode)
      return
    }
    const { qos, properties, protocolVersion } = this.#options
    const own = packetProperties<PublishProperties>(properties, 'publish')
    const { topicName, responseTopic, payload } = this.#request
    const requestProperties = protocolVersion === 5 ? { ...own, responseTopic } : own
    this.#sentAtMs = performance.now()
    try {
      const sent = this.#connection.client.publish({
        topicName,
        payload,
        qos,
        retain: false,
        properties: requestProperties,
      })
      sent.then(
        ({ reasonCode }) => this.#reportSent(reasonCode),
        // The client was destroyed: the run is over, and has said why.
        () => {},
      )
    } catch (error) {
      if (!(error instanceof UnsendableMessage)) throw error
      this.#output.remark(error.message)
      if (!this.#isDropIn) this.#finish(1)
    }
  }

  /** Debian's tool waits for an answer whatever became of the request. */
  #reportSent(reasonCode: number): void {
    if (this.#isDropIn || this.#isDone) return
    if (reasonCode >= 0x80) {
      this.#output.remark(`the server refused the request: ${reasonText(reasonCode)}`)
      this.#finish(reasonCode)
    } else if (reasonCode === noMatchingSubscribers) {
      this.#output.remark(
        `nobody subscribes to "${this.#request.topicName}" (0x10 ${reasonText(reasonCode)}); waiting for an answer all the same`,
      )
    }
  }

  #receive(message: Publish): void {
    // Debian's tool knows -R and does not heed it.
    const isSkipped = this.#options.skipRetained && message.retain && !this.#isDropIn
    if (this.#isDone || isSkipped) return
    const { bytes, complaint } = this.#printer.print(message)
    this.#output.print(bytes)
    if (complaint !== '') this.#output.complain(complaint)
    if (this.#options.showLatency) {
      this.#output.remark(`answered after ${(performance.now() - this.#sentAtMs).toFixed(3)} ms`)
    }
    if (this.#isDropIn) this.#close()
    else this.#finish(0)
  }

  /** Debian's tool ends before its DISCONNECT has left, whether it has a Will Message or not. */
  #close(): void {
    this.#isDone = true
    void this.#connection.client.close().then(() => this.#outcome.resolve(0))
  }

  #timeOut(): void {
    if (this.#connection.client.connack === null) {
      this.#isDone = true
      this.#sayTimedOut()
      this.#connection.client.destroy()
      return
    }
    this.#finish(timedOutCode)
  }

  #sayTimedOut(): void {
    this.#output.complain('Timed out\n')
    this.#outcome.resolve(timedOutCode)
  }

  #finish(exitCode: number): void {
    if (this.#isDone) return
    this.#isDone = true
    const properties = packetProperties<DisconnectProperties>(this.#options.properties, 'disconnect')
    const reasonCode = exitCode === timedOutCode ? ReasonCode.DisconnectWithWillMessage : 0
    void this.#connection.client.disconnect(reasonCode, properties).then(() => {
      if (exitCode === timedOutCode) this.#sayTimedOut()
      else this.#outcome.resolve(exitCode)
    })
  }
}
