/**
 * Makes spans of what has already happened, so that nothing has to be kept open but what others belong below.
 *
 * Samplers and processors of the SDK are code of the host that runs in the middle of a decision of the core: what they throw is
 * reported, and never goes further.
 */
import type { Attributes, Context, Span, SpanKind, Tracer } from '@opentelemetry/api'
import type { TraceParent } from './trace-parent.ts'

type Api = typeof import('@opentelemetry/api')

export interface SpanFacts {
  readonly kind: keyof typeof SpanKind
  /** Milliseconds since 1970. */
  readonly beganMs: number
  readonly attributes: Attributes
  /** What it comes from without being a part of it. */
  readonly linkTo?: Span | null
  /** Why it did not end well; null if it did. */
  readonly failure?: string | null
}

export class SpanMaker {
  readonly #api: Api
  readonly #tracer: Tracer

  readonly #reportFault: (error: unknown) => void

  constructor(api: Api, tracer: Tracer, reportFault: (error: unknown) => void) {
    this.#api = api
    this.#tracer = tracer
    this.#reportFault = reportFault
  }

  /** Milliseconds since 1970, with fractions; they only go forward. */
  nowMs(): number {
    return performance.timeOrigin + performance.now()
  }

  contextOf({ traceId, spanId, traceState }: TraceParent): Context {
    const { trace, ROOT_CONTEXT, TraceFlags, createTraceState } = this.#api
    return trace.setSpanContext(ROOT_CONTEXT, {
      traceId,
      spanId,
      traceFlags: TraceFlags.SAMPLED,
      isRemote: true,
      ...(traceState === null ? {} : { traceState: createTraceState(traceState) }),
    })
  }

  below(span: Span): Context {
    return this.#api.trace.setSpan(this.#api.ROOT_CONTEXT, span)
  }

  /** One that is to be ended later. */
  begin(name: string, parent: Context, { kind, beganMs, attributes, linkTo = null, failure = null }: SpanFacts): Span {
    const links = linkTo === null ? [] : [{ context: linkTo.spanContext() }]
    const { SpanKind: kinds, SpanStatusCode, trace, INVALID_SPAN_CONTEXT } = this.#api
    try {
      const span = this.#tracer.startSpan(name, { kind: kinds[kind], startTime: beganMs, attributes, links }, parent)
      if (failure !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: failure })
      return span
    } catch (error) {
      this.#reportFault(error)
      return trace.wrapSpanContext(INVALID_SPAN_CONTEXT)
    }
  }

  end(span: Span, endedMs: number): void {
    try {
      span.end(endedMs)
    } catch (error) {
      this.#reportFault(error)
    }
  }

  /** One that is over. */
  make(name: string, parent: Context, facts: SpanFacts, endedMs: number): void {
    this.end(this.begin(name, parent, facts), endedMs)
  }
}
