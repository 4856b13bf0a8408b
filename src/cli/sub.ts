/**
 * `pabal sub`, and mosquitto_sub by its name: prints the messages of its Subscriptions until it has enough of them, is
 * told to stop, or its time is up. A lost connection is tried again every second.
 */
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DisconnectProperties, Suback, Subscribe, Unsubscribe } from '../protocol/control-packet.ts'
import type { Publish } from '../protocol/packets/publish.ts'
import { ReasonCode } from '../protocol/reason-code.ts'
import type { Channel } from '../transport/channel.ts'
import { ConnectionLost, ConnectionRefused } from './client/client-errors.ts'
import { lostConnectionAdvice } from './client/connect-advice.ts'
import { ChannelError } from './client/open-channel.ts'
import { type FailureContext, isBehindProxy, reportFailure } from './mosquitto/failures.ts'
import type { Invocation } from './mosquitto/invocation.ts'
import { MessagePrinter } from './mosquitto/message-printer.ts'
import { timerMs } from './mosquitto/numbers.ts'
import type { Options } from './mosquitto/options.ts'
import { packetProperties } from './mosquitto/property-flag.ts'
import { RateDisplay } from './mosquitto/rate-display.ts'
import { SetupError } from './mosquitto/setup-error.ts'
import { startTool } from './mosquitto/start-tool.ts'
import { reasonText } from './mosquitto/texts.ts'
import { placeName, ToolConnection, timedOutCode } from './mosquitto/tool-connection.ts'
import type { ToolOutput } from './mosquitto/tool-output.ts'
import { matchesFilter } from './mosquitto/topics.ts'
import { WatchDisplay } from './mosquitto/watch-display.ts'
import { quoted } from './terminal-text.ts'

const reconnectDelayMs = 1000
/** Exit code of a tool that was stopped before the server had answered: -1, as the system sees it. */
const stoppedEarly = 255

export function runSub(invocation: Invocation, argv: readonly string[]): Promise<number> {
  return startTool(invocation, argv, (options, output) => {
    if (options.skipRetained && options.retainedOnly) {
      process.stderr.write("\nError: Combining '-R' and '--retained-only' makes no sense.\n")
      return Promise.resolve(1)
    }
    return new SubRun(invocation, options, output).run()
  })
}

class SubRun {
  readonly #options: Options
  readonly #output: ToolOutput
  readonly #invocation: Invocation
  readonly #connection: ToolConnection
  readonly #context: FailureContext
  readonly #printer: MessagePrinter
  readonly #rate: RateDisplay | null
  readonly #watch: WatchDisplay | null
  readonly #stopped = new AbortController()
  readonly #removals: Promise<unknown>[] = []
  #ended = Promise.withResolvers<Error | null>()
  #wasConnected = false
  #isDone = false
  #messageCount = 0
  #hasTimedOut = false
  #saidLost = false
  #exitCode = 0

  constructor(invocation: Invocation, options: Options, output: ToolOutput) {
    this.#options = options
    this.#output = output
    this.#invocation = invocation
    this.#printer = new MessagePrinter(options, invocation.isDropIn)
    this.#rate = options.showRate ? new RateDisplay(output) : null
    this.#watch = options.watch && process.stdout.isTTY ? new WatchDisplay(output) : null
    this.#connection = new ToolConnection(options, invocation, output, {
      onConnected: () => this.#subscribe(),
      onMessage: (message) => this.#receive(message),
      onPacket: ({ direction, packet }) => {
        if (direction === 'received' && packet.type === 'suback') this.#reportSubscribed(packet)
      },
      onClosed: (reason) => this.#ended.resolve(reason),
    })
    this.#context = { invocation, options, output, connection: this.#connection }
  }

  async run(): Promise<number> {
    const stop = (): void => this.#stop()
    this.#output.whenBroken(() => this.#stop(ReasonCode.Success))
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
    let timer: NodeJS.Timeout | undefined
    try {
      const channel = await Promise.race([this.#openFirst(), this.#stopRequested()])
      const { timeoutSeconds } = this.#options
      if (timeoutSeconds > 0) timer = setTimeout(() => this.#timeOut(), timerMs(timeoutSeconds))
      this.#rate?.start()
      return await this.#serve(channel)
    } catch (error) {
      return this.#explain(error)
    } finally {
      clearTimeout(timer)
      this.#rate?.stop()
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    }
  }

  /** Null: Debian's tool takes a proxy that cannot reach the server for a connection that was lost, and tries again. */
  async #openFirst(): Promise<Channel | null> {
    try {
      return await this.#connection.open()
    } catch (error) {
      if (this.#invocation.isDropIn && isBehindProxy(error)) return null
      throw error
    }
  }

  /** Rejects when the run is told to stop. */
  #stopRequested(): Promise<never> {
    return new Promise((_, reject) => {
      this.#stopped.signal.addEventListener('abort', () => reject(new ConnectionLost(null)))
    })
  }

  /** Uses one connection after the other until there is a reason to end. */
  async #serve(first: Channel | null): Promise<number> {
    for (let channel = first ?? (await this.#reconnect()); channel !== null; channel = await this.#reconnect()) {
      this.#ended = Promise.withResolvers<Error | null>()
      const reason = await this.#useConnection(channel)
      if (this.#isDone || reason === null) break
      if (!(reason instanceof ConnectionLost)) throw reason
      this.#sayLost(reason)
    }
    if (this.#hasTimedOut) {
      if (!this.#wasConnected && this.#invocation.isDropIn) return stoppedEarly
      this.#output.complain('Timed out\n')
      return timedOutCode
    }
    return this.#isDone && !this.#wasConnected ? stoppedEarly : this.#exitCode
  }

  /** Answers why the connection ended; null if we ended it. */
  async #useConnection(channel: Channel): Promise<Error | null> {
    const { client } = this.#connection
    try {
      await client.connect(channel)
    } catch (error) {
      if (error instanceof ConnectionRefused) {
        await client.disconnect()
        throw error
      }
      if (!(error instanceof Error)) throw error
      return error
    }
    return this.#ended.promise
  }

  /** Done as CONNACK comes, so that it stands before what a Session brings. The answers are seen as they come. */
  #subscribe(): void {
    this.#wasConnected = true
    const { client } = this.#connection
    const { retainAsPublished, retainHandling, qos, topicFilters, unsubscribeFilters, properties } = this.#options
    const subscriptions = topicFilters.map((topicFilter) => {
      return { topicFilter, qos, noLocal: false, retainAsPublished, retainHandling }
    })
    const subscribeProperties = packetProperties<Subscribe['properties']>(properties, 'subscribe')
    const unsubscribeProperties = packetProperties<Unsubscribe['properties']>(properties, 'unsubscribe')
    const requests = [
      client.subscribe(subscriptions, subscribeProperties),
      ...unsubscribeFilters.map((filter) => client.unsubscribe([filter], unsubscribeProperties)),
    ]
    // They fail when the connection ends, which `#ended` tells, or because the server takes no packet of that size.
    for (const request of requests) request.catch((error: Error) => this.#ended.resolve(error))
  }

  /** Done as the packet comes, so that it stands before the messages that follow it. */
  #reportSubscribed({ packetId, reasonCodes, properties }: Suback): void {
    if (this.#options.isDebug) {
      const line = `Subscribed (mid: ${packetId}): ${reasonCodes.join(', ')}\n`
      if (!this.#options.isQuiet) this.#output.print(line)
    }
    const isDenied = reasonCodes.every((code) => code >= 0x80)
    if (isDenied) {
      this.#output.complain('All subscription requests were denied.\n')
      if (!this.#invocation.isDropIn) this.#exitCode = reasonCodes[0] ?? 1
    }
    this.#sayRefused(reasonCodes, properties.reasonString)
    if (isDenied || this.#options.exitOnceSubscribed) this.#finish()
  }

  /** Also where others were granted: whoever waits for messages that will not come should know. */
  #sayRefused(reasonCodes: readonly number[], reason: string | undefined): void {
    const refused = this.#options.topicFilters
      .map((topicFilter, index) => [topicFilter, reasonCodes[index] ?? 0] as const)
      .filter(([, code]) => code >= 0x80)
    for (const [topicFilter, code] of refused) {
      const text = this.#options.protocolVersion === 5 ? ` (0x${code.toString(16)} ${reasonText(code)})` : ''
      this.#output.remark(`the server refuses the Subscription to ${quoted(topicFilter)}${text}`)
    }
    if (refused.length > 0 && reason !== undefined) this.#output.remark(`the server says: ${reason}`)
  }

  async #reconnect(): Promise<Channel | null> {
    for (;;) {
      try {
        await sleep(reconnectDelayMs, undefined, { signal: this.#stopped.signal })
        const channel = await this.#connection.open()
        if (!this.#isDone) return channel
        channel.destroy()
        return null
      } catch (error) {
        if (this.#isDone) return null
        if (!(error instanceof ChannelError)) throw error
      }
    }
  }

  #sayLost(reason: ConnectionLost): void {
    if (this.#saidLost) return
    this.#saidLost = true
    const { target } = this.#connection
    const advice = lostConnectionAdvice(reason, target)
    const said = advice === null ? reason.message : `${placeName(target)}: ${advice}`
    this.#output.remark(`${said}; trying again every second`)
  }

  #explain(error: unknown): number {
    if (this.#isDone && !this.#wasConnected) return stoppedEarly
    if (error instanceof SetupError) throw error
    this.#connection.client.destroy()
    return reportFailure(error, this.#context)
  }

  #receive(message: Publish): void {
    if (this.#isDone) return
    const { retainedOnly, skipRetained, filtersOut, removeRetained, messageCount, randomFilter } = this.#options
    if (retainedOnly && !message.retain) {
      this.#finish()
      return
    }
    if (skipRetained && message.retain) return
    if (filtersOut.some((filter) => matchesFilter(filter, message.topicName))) return
    if (removeRetained && message.retain) this.#remove(message.topicName)
    this.#rate?.count()
    if (randomFilter >= 1000 || randomInt(1000) < randomFilter) this.#print(message)
    this.#messageCount += 1
    if (messageCount > 0 && this.#messageCount >= messageCount) this.#finish()
  }

  #print(message: Publish): void {
    if (this.#rate !== null) return
    const { bytes, complaint } = this.#printer.print(message)
    if (this.#watch === null) this.#output.print(bytes)
    else this.#watch.show(message.topicName, bytes)
    if (complaint !== '') this.#output.complain(complaint)
  }

  /** An empty retained message takes the place of the one that came [MQTT-3.3.1-6]. */
  #remove(topicName: string): void {
    const empty = { topicName, payload: Buffer.alloc(0), qos: 1, retain: true, properties: {} } as const
    const removal = this.#connection.client.publish(empty)
    removal.catch(() => {})
    this.#removals.push(removal)
  }

  /** Ends in good order: what is to be removed is removed, then DISCONNECT. */
  #finish(): void {
    this.#isDone = true
    if (this.#removals.length === 0) this.#disconnect()
    else void Promise.allSettled(this.#removals).then(() => this.#disconnect())
  }

  #timeOut(): void {
    this.#hasTimedOut = true
    this.#stop()
  }

  /** Told to stop, as opposed to done: the server shall publish the Will Message. */
  #stop(reasonCode: number = ReasonCode.DisconnectWithWillMessage): void {
    this.#isDone = true
    this.#stopped.abort()
    if (this.#wasConnected) this.#disconnect(reasonCode)
    else this.#connection.client.destroy()
  }

  #disconnect(reasonCode = 0): void {
    const properties = packetProperties<DisconnectProperties>(this.#options.properties, 'disconnect')
    this.#connection.client.disconnect(reasonCode, properties).catch(() => {})
  }
}
