/**
 * Traces by OpenTelemetry: of each message whose publisher says in `traceparent` that it is sampled, spans for receive, route, store
 * and deliver.
 *
 * `@opentelemetry/api` is loaded when somebody asks for traces, and never before; whoever wants them brings the SDK. Names follow
 * OpenTelemetry's conventions for messaging, and `pabal.` where they have none.
 */
import type { ProxyTracerProvider, TracerProvider } from '@opentelemetry/api'
import type { Message } from '../../core/message.ts'
import type { MessageTracer } from '../../core/message-tracer.ts'
import type { MessageFate, NotedMessage } from '../../core/routing/fate.ts'
import type { UserProperties } from '../../protocol/control-packet.ts'
import { version } from '../version.ts'
import { FollowedMessage } from './followed-message.ts'
import { SpanMaker } from './span-maker.ts'
import { readTraceParent } from './trace-parent.ts'

type Api = typeof import('@opentelemetry/api')

/** What SDKs have beyond the API. */
interface Flushing {
  forceFlush(): Promise<void>
}

const flushMsMax = 2000

/** `reportFault` hears of what the SDK throws. @throws an Error that says what to install. */
export async function traceIf(
  isWanted: boolean | undefined,
  traced: { tracer: MessageTracer | null },
  reportFault: (error: unknown) => void,
): Promise<void> {
  if (isWanted !== true) return
  const api = await loadApi()
  traced.tracer = new OpenTelemetryTracer(new SpanMaker(api, api.trace.getTracer('pabal', version), reportFault))
}

/** Whether spans go anywhere: an SDK has been set up in this process. */
export async function hasTraceSdk(): Promise<boolean> {
  // What stands there while there is none has this method; it may be of another copy of the package, so that its class says nothing.
  const provider: Partial<ProxyTracerProvider> = (await loadApi()).trace.getTracerProvider()
  return provider.getDelegateTracer === undefined || provider.getDelegateTracer('pabal') !== undefined
}

/** Resolves when the SDK has handed on what it has collected, or after a moment: the process is about to end. */
export async function flushSpans(): Promise<void> {
  const provider: Partial<ProxyTracerProvider & Flushing> = (await loadApi()).trace.getTracerProvider()
  const sdk: Partial<TracerProvider & Flushing> = provider.getDelegate?.() ?? provider
  // Where the spans go is the SDK's business, and so is what it says if they do not get there.
  const flushed = sdk.forceFlush?.().catch(() => null)
  let timer: NodeJS.Timeout | undefined
  await Promise.race([
    flushed,
    new Promise((resolve) => {
      timer = setTimeout(resolve, flushMsMax)
    }),
  ])
  clearTimeout(timer)
}

async function loadApi(): Promise<Api> {
  try {
    return await import('@opentelemetry/api')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
    throw new Error(
      'tracing: found no npm package @opentelemetry/api beside Pabal, expected it because tracing is true.\n' +
        'Install it where Pabal is installed, with an SDK: npm install @opentelemetry/api @opentelemetry/sdk-node\n' +
        'or turn tracing off.',
      { cause: error },
    )
  }
}

class OpenTelemetryTracer implements MessageTracer {
  readonly #spans: SpanMaker
  /** Those whose record is not durable yet, in order. */
  #unstored: FollowedMessage[] = []
  #arrivedMs = 0
  /** The number of the input that is being worked on. */
  #input = 0

  constructor(spans: SpanMaker) {
    this.#spans = spans
  }

  inputBegins(): void {
    this.#input += 1
    this.#arrivedMs = this.#spans.nowMs()
  }

  note(fate: MessageFate, rule: string, noted: NotedMessage, userProperties: UserProperties): void {
    const known = noted.message?.trace
    if (known instanceof FollowedMessage) {
      known.notedAgain(fate, rule)
      return
    }
    const parent = readTraceParent(userProperties)
    if (parent === null || !parent.isSampled) return
    const followed = this.#follow(parent, noted)
    if (!followed.receive(fate, rule, noted, this.#arrivedMs)) return
    if (noted.message === null) {
      followed.stored()
      return
    }
    noted.message.trace = followed
    if (noted.seq > 0) this.#unstored.push(followed)
    else followed.stored()
  }

  recognise(message: Message): void {
    const { userProperties } = message.publish.properties
    if (userProperties === undefined || message.trace !== null) return
    const parent = readTraceParent(userProperties)
    if (parent?.isSampled !== true) return
    const { seq, topicName, publish } = message
    message.trace = this.#follow(parent, { seq, topicName, publish })
  }

  #follow(parent: Parameters<SpanMaker['contextOf']>[0], about: Pick<NotedMessage, 'seq' | 'topicName' | 'publish'>) {
    return new FollowedMessage(this.#spans, this.#spans.contextOf(parent), about, () => this.#input)
  }

  durable(seq: number): void {
    if (this.#unstored.length === 0) return
    const firstLeft = this.#unstored.findIndex((followed) => followed.seq > seq)
    const durable = this.#unstored.splice(0, firstLeft < 0 ? this.#unstored.length : firstLeft)
    for (const followed of durable) followed.stored()
  }
}
