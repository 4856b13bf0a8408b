/**
 * OpenTelemetry's own SDK in this process, with its exporter into memory: what a broker with `tracing: true` tells it.
 */
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'

const exporter = new InMemorySpanExporter()
/** What code of the host does with every span that begins, and with every one that ends. */
export const hostCode = { onStart: (): void => {}, onEnd: (): void => {} }
const hostProcessor = {
  onStart: () => hostCode.onStart(),
  onEnd: () => hostCode.onEnd(),
  async forceFlush() {},
  async shutdown() {},
}
trace.setGlobalTracerProvider(
  new BasicTracerProvider({
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [new SimpleSpanProcessor(exporter), hostProcessor],
  }),
)

export const traceId = '0af7651916cd43dd8448eb211c80319c'
/** Of the publisher. */
export const publisherSpanId = 'b7ad6b7169203331'
export const traceParent = `00-${traceId}-${publisherSpanId}-01`
export const traced = { userProperties: [['traceparent', traceParent]] } as const

export interface Recorded {
  readonly name: string
  readonly kind: string
  /** `publisher`, or the name of the span it is below. */
  readonly below: string | undefined
  /** Names of the spans it is linked to. */
  readonly links: readonly (string | undefined)[]
  readonly attributes: Readonly<Record<string, unknown>>
  /** What is said of a failure; null if it is none. */
  readonly failure: string | null
  readonly traceState: string | undefined
  readonly beganMs: number
  readonly endedMs: number
}

/** The spans that have ended since they were last taken, in that order. */
export function takeSpans(): readonly Recorded[] {
  const spans = exporter.getFinishedSpans()
  known.push(...spans)
  exporter.reset()
  return spans.map((span) => {
    const { name, kind, attributes, status, parentSpanContext, links } = span
    return {
      name,
      kind: SpanKind[kind] ?? '',
      below: nameOf(parentSpanContext),
      links: links.map(({ context }) => nameOf(context)),
      attributes,
      failure: status.code === SpanStatusCode.ERROR ? (status.message ?? '') : null,
      traceState: span.spanContext().traceState?.serialize(),
      beganMs: milliseconds(span.startTime),
      endedMs: milliseconds(span.endTime),
    }
  })
}

/** Taken ones, too: others may be below them. */
const known: ReadableSpan[] = []

function nameOf(context: ReturnType<ReadableSpan['spanContext']> | undefined): string | undefined {
  if (context?.traceId !== traceId) return undefined
  if (context.spanId === publisherSpanId) return 'publisher'
  return known.find((span) => span.spanContext().spanId === context.spanId)?.name
}

function milliseconds([seconds, nanoseconds]: ReadableSpan['startTime']): number {
  return seconds * 1000 + nanoseconds / 1e6
}
