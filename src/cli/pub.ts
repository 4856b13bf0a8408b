/**
 * `pabal pub`, and mosquitto_pub by its name: sends one message, or one per line of standard input, and ends.
 *
 * In native mode it says when nobody subscribes, and can fail for it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DisconnectProperties, PublishProperties } from '../protocol/control-packet.ts'
import { UnsendableMessage } from './client/client-errors.ts'
import type { OutgoingMessage, PublishOutcome } from './client/message-window.ts'
import { type FailureContext, reportFailure, reportLibraryError } from './mosquitto/failures.ts'
import { toolHelp } from './mosquitto/help.ts'
import type { Invocation } from './mosquitto/invocation.ts'
import { loadMessage, stdinLines } from './mosquitto/message-source.ts'
import type { Options } from './mosquitto/options.ts'
import { packetProperties } from './mosquitto/property-flag.ts'
import { startTool } from './mosquitto/start-tool.ts'
import { reasonText } from './mosquitto/texts.ts'
import { ToolConnection } from './mosquitto/tool-connection.ts'
import type { ToolOutput } from './mosquitto/tool-output.ts'
import { UsageError } from './mosquitto/usage-error.ts'
import { Receipts } from './receipts.ts'

/** Exit code when `--require-subscribers` found none. */
const nobodySubscribes = 16
/** The Reason Code a server would answer with. */
const retainNotSupported = 0x9a
/** Lines on their way at most before more of standard input is read. */
const linesInFlightMax = 1000

export function runPub(invocation: Invocation, argv: readonly string[]): Promise<number> {
  return startTool(invocation, argv, async (options, output) => {
    const payload = await loadMessage(options, output)
    if (payload === null) return 1
    if (options.topicName === null || options.messageMode === 'none') {
      const fault = 'Error: Both topic and message must be supplied.\n'
      // Above seventy lines of help nobody would find it.
      if (!invocation.isDropIn) throw new UsageError(fault)
      process.stderr.write(fault)
      process.stdout.write(toolHelp(invocation))
      return 1
    }
    checkRequirement(options)
    return new PubRun(invocation, options, output, payload).run()
  })
}

function checkRequirement({ requireSubscribers, receipt, qos, protocolVersion }: Options): void {
  if (receipt !== null && protocolVersion !== 5) {
    throw new UsageError('Error: --receipt needs MQTT 5.0: a server that speaks 3.1 or 3.1.1 has no way to be asked.\n')
  }
  if (!requireSubscribers) return
  if (protocolVersion !== 5) {
    throw new UsageError(
      'Error: --require-subscribers needs MQTT 5.0: a server that speaks 3.1 or 3.1.1 does not tell who subscribes.\n',
    )
  }
  if (qos === 0) {
    throw new UsageError(
      'Error: --require-subscribers needs -q 1 or -q 2: at QoS 0 the server does not answer; --receipt asks at any QoS.\n',
    )
  }
}

class PubRun {
  readonly #options: Options
  readonly #output: ToolOutput
  readonly #payload: Buffer
  readonly #connection: ToolConnection
  readonly #context: FailureContext
  readonly #properties: PublishProperties
  readonly #isDropIn: boolean
  readonly #receipts: Receipts | null
  readonly #failed = Promise.withResolvers<never>()
  #hasPublished = false
  #exitCode = 0
  #saidNobody = false
  #canRetain = true

  constructor(invocation: Invocation, options: Options, output: ToolOutput, payload: Buffer) {
    this.#options = options
    this.#output = output
    this.#payload = payload
    this.#isDropIn = invocation.isDropIn
    const { receipt } = options
    this.#receipts = receipt === null ? null : new Receipts(receipt, (text) => output.print(text))
    const own = packetProperties<PublishProperties>(options.properties, 'publish')
    this.#properties = this.#receipts?.asking(own) ?? own
    this.#connection = new ToolConnection(options, invocation, output, {
      onMessage: (packet) => {
        if (packet.topicName === this.#receipts?.topicName) this.#receipts.receive(packet)
      },
      onClosed: (reason) => {
        if (reason !== null) this.#failed.reject(reason)
      },
    })
    this.#context = { invocation, options, output, connection: this.#connection }
    // Looked at only while something is awaited beside it.
    this.#failed.promise.catch(() => {})
  }

  async run(): Promise<number> {
    const { client } = this.#connection
    try {
      const { properties } = await client.connect(await this.#connection.open())
      this.#canRetain = properties.retainAvailable !== false
      await Promise.race([this.#publishAndWait(), this.#failed.promise])
      await client.disconnect(0, packetProperties<DisconnectProperties>(this.#options.properties, 'disconnect'))
    } catch (error) {
      client.destroy()
      if (error instanceof LinesStopped) return reportLibraryError(error.libraryError, this.#context)
      return reportFailure(error, this.#context)
    }
    return this.#exitCode
  }

  /** The exit code of a receipt is told in the place of what the acknowledgement says: it comes later and knows more. */
  async #publishAndWait(): Promise<void> {
    if (this.#receipts === null) return this.#publishAll()
    const { topicName } = this.#receipts
    const request = {
      topicFilter: topicName,
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const
    const { reasonCodes } = await this.#connection.client.subscribe([request])
    const [subscribedCode = 0] = reasonCodes
    if (subscribedCode >= 0x80) {
      this.#output.remark(
        `the server does not let this client subscribe to its receipts: ${reasonText(subscribedCode)}`,
      )
      this.#exitCode = subscribedCode
      return
    }
    await this.#publishAll()
    this.#exitCode ||= await this.#receipts.wait(this.#options.receiptTimeoutSeconds)
  }

  #publishAll(): Promise<void> {
    if (this.#options.retain && !this.#canRetain && !this.#isDropIn) {
      this.#output.remark('the server keeps no Retained Messages; nothing was sent')
      this.#exitCode = retainNotSupported
      return Promise.resolve()
    }
    return this.#options.messageMode === 'lines' ? this.#publishLines() : this.#publishRepeatedly()
  }

  async #publishRepeatedly(): Promise<void> {
    const { repeatCount, repeatDelayMs } = this.#options
    for (let count = 0; count < repeatCount; count++) {
      if (count > 0 && repeatDelayMs > 0) await sleep(repeatDelayMs)
      try {
        this.#report(await this.#publish(this.#payload))
      } catch (error) {
        if (!(error instanceof UnsendableMessage)) throw error
        this.#reportUnsendable(error)
        return
      }
    }
  }

  async #publishLines(): Promise<void> {
    const underWay = new Set<Promise<void>>()
    for await (const line of stdinLines()) {
      const sent = this.#publishLine(line)
        .then((outcome) => this.#report(outcome))
        .catch((error: unknown) => this.#failed.reject(error))
        .finally(() => underWay.delete(sent))
      underWay.add(sent)
      if (underWay.size >= linesInFlightMax) await Promise.race(underWay)
    }
    await Promise.all(underWay)
  }

  async #publishLine(line: Buffer): Promise<PublishOutcome> {
    try {
      return await this.#publish(line)
    } catch (error) {
      if (!(error instanceof UnsendableMessage)) throw error
      this.#output.remark(error.message)
      throw new LinesStopped(error)
    }
  }

  #publish(payload: Buffer): Promise<PublishOutcome> {
    const { qos, topicName } = this.#options
    // Without asking, as Debian's tool does; ours has refused before it comes to this.
    const retain = this.#options.retain && this.#canRetain
    const usesAlias = this.#properties.topicAlias !== undefined && this.#hasPublished
    const message: OutgoingMessage = {
      topicName: usesAlias ? '' : (topicName ?? ''),
      payload,
      qos,
      retain,
      properties: this.#properties,
    }
    this.#hasPublished = true
    return this.#connection.client.publish(message)
  }

  #report({ messageId, reasonCode, properties }: PublishOutcome): void {
    if (reasonCode >= 0x80) {
      this.#output.complain(`Warning: Publish ${messageId} failed: ${reasonText(reasonCode)}.\n`)
      if (properties.reasonString !== undefined) this.#output.remark(`the server says: ${properties.reasonString}`)
      if (!this.#isDropIn) this.#exitCode = reasonCode
    } else this.#receipts?.expectOne()
    if (reasonCode !== nobodySubscribes) return
    if (this.#options.requireSubscribers) this.#exitCode ||= nobodySubscribes
    if (this.#saidNobody || this.#receipts !== null) return
    this.#saidNobody = true
    const fate = properties.userProperties?.find(([name]) => name === 'pabal-fate')?.[1]
    const kept = fate === undefined ? '' : `; ${fate}`
    this.#output.remark(
      `nobody subscribes to "${this.#options.topicName}" (0x10 ${reasonText(nobodySubscribes)}${kept})`,
    )
  }

  #reportUnsendable(error: UnsendableMessage): void {
    if (!this.#isDropIn) {
      this.#output.remark(error.message)
      this.#exitCode = 1
    } else if (error.reason === 'topic') {
      this.#output.complain("Error: Invalid input. Does your topic contain '+' or '#'?\n")
    } else if (error.reason === 'qos') {
      this.#output.complain('Error: Message QoS not supported on broker, try a lower QoS.\n')
    }
  }
}

/** A line that cannot be sent ends the run at once. */
class LinesStopped extends Error {
  readonly libraryError: 'invalid' | 'qos' | 'oversize'

  constructor({ reason }: UnsendableMessage) {
    super(reason)
    this.libraryError = reason === 'topic' ? 'invalid' : reason === 'qos' ? 'qos' : 'oversize'
  }
}
